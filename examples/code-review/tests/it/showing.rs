//! What the demo prints.

use code_review::{DiffSize, Proposal, Table};

fn proposal(id: i64, heat: Option<f64>, subject: &str) -> Proposal {
    Proposal {
        id,
        repository: "/project/.git".to_owned(),
        source: format!("{id:040x}"),
        target: None,
        subject: subject.to_owned(),
        author: "Zoë".to_owned(),
        committed: 0,
        heat,
    }
}

fn size(insertions: i64) -> Option<DiffSize> {
    Some(DiffSize { files: 3, insertions, deletions: 20 })
}

#[test]
fn the_hottest_come_first_and_those_without_a_diff_last() {
    let rows = vec![
        (proposal(1, None, "Missing"), None),
        (proposal(2, Some(7.4), "Cool"), size(5)),
        (proposal(0xabc_def0_1234_5678, Some(123.6), "Hot"), size(1000)),
    ];
    assert_eq!(
        Table::new(rows).to_string(),
        "commit   files  added  removed  heat  subject\n\
         0000000      3   1000       20   124  Hot\n\
         0000000      3      5       20     7  Cool\n\
         0000000      -      -        -     -  Missing\n\
         \n\
         Diffs: 2, with 1005 lines added and 40 removed\n"
    );
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    let subjects =
        ["x".repeat(200), "語".repeat(100), "🦀 ".repeat(50), "e\u{301}".repeat(90), "short".to_owned()];
    let rows = subjects.iter().map(|it| (proposal(1, Some(1.0), it), size(1_000_000_000))).collect();
    let text = Table::new(rows).to_string();
    for line in text.lines() {
        let columns = unicode_width::UnicodeWidthStr::width(line);
        assert!(columns <= 80, "{columns} columns: {line}");
    }
    assert_eq!(text.matches('…').count(), 4, "{text}");
    assert!(text.contains("  short\n"), "what fits is not cut");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = Table::new(vec![(proposal(1, None, "a\tb\u{1b}[31mc"), None)]).to_string();
    assert!(text.contains("  a b [31mc\n"), "{text:?}");
}

#[test]
fn beyond_what_fits_a_screen_the_rest_is_counted() {
    let rows = (0..300).map(|id| (proposal(id, Some(1.0), "Same"), size(1))).collect();
    let text = Table::new(rows).to_string();
    assert_eq!(text.matches("Same").count(), 25);
    assert!(
        text.ends_with("\nand 275 more\n\nDiffs: 300, with 300 lines added and 6000 removed\n"),
        "{text}"
    );
}

//! Checks of Rust sources that clippy does not know.

use super::finding::Finding;
use super::tree::Tree;

const LINES_MAX: usize = 300;

/// Names that say nothing of what is inside, so that anything ends up there.
const VAGUE: &[&str] = &["common", "helpers", "misc", "types", "utils"];

/// Macros for work that is not done yet.
const UNFINISHED: &[&str] = &["dbg", "todo", "unimplemented"];

/// The first line says what the file is for.
pub(crate) fn files_open_with_a_sentence(tree: &Tree) -> Vec<Finding> {
    let opens = |text: &str| text.strip_prefix("//! ").is_some_and(|rest| !rest.trim_start().is_empty());
    let silent = tree.texts_ending(".rs").filter(|(_, text)| !opens(text));
    silent
        .map(|(path, _)| Finding::new(path, 1, "open with `//!` and a sentence on what the file is for"))
        .collect()
}

/// A file can be read in one sitting.
pub(crate) fn files_are_short(tree: &Tree) -> Vec<Finding> {
    let lengths = tree.texts_ending(".rs").map(|(path, text)| (path, text.lines().count()));
    let long = lengths.filter(|(_, length)| *length > LINES_MAX);
    long.map(|(path, length)| {
        Finding::new(path, length, format!("split the file: {length} lines, {LINES_MAX} at most"))
    })
    .collect()
}

/// Neither a file nor a folder of sources has a name that fits everything.
pub(crate) fn files_are_named_by_a_noun(tree: &Tree) -> Vec<Finding> {
    let vague = |path: &str| {
        let mut names = path.trim_end_matches(".rs").split('/');
        names.find(|name| VAGUE.contains(name)).map(str::to_owned)
    };
    let named = tree.texts_ending(".rs").filter_map(|(path, _)| Some((path, vague(path)?)));
    named
        .map(|(path, name)| Finding::new(path, 1, format!("name what is inside by its noun, not `{name}`")))
        .collect()
}

/// No macro stands in for work to do, and a test that is not run says why.
pub(crate) fn nothing_is_left_over(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts_ending(".rs") {
        for (number, line) in (1..).zip(text.lines()) {
            let code = line.split("//").next().unwrap_or_default();
            if let Some(name) = UNFINISHED.iter().find(|name| calls_macro(code, name)) {
                findings.push(Finding::new(
                    path,
                    number,
                    format!("finish what `{name}!` stands for, or remove it"),
                ));
            }
            if ignores_without_reason(code) {
                findings.push(Finding::new(path, number, "run the test, or ignore it with `= \"reason\"`"));
            }
        }
    }
    findings
}

fn calls_macro(code: &str, name: &str) -> bool {
    let call = format!("{name}!");
    code.match_indices(&call).any(|(at, _)| {
        let word_begins = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        word_begins && code[at + call.len()..].trim_start().starts_with(['(', '[', '{'])
    })
}

fn ignores_without_reason(code: &str) -> bool {
    let attribute = concat!("#[", "ignore");
    code.match_indices(attribute)
        .any(|(at, _)| !code[at + attribute.len()..].trim_start().starts_with("= \""))
}

#[cfg(test)]
mod tests {
    use super::super::finding::printed;
    use super::*;

    #[test]
    fn a_file_without_a_sentence_is_found() {
        let tree = Tree::of([("a.rs", "//! A.\n"), ("b.rs", "use a;\n"), ("c.rs", "//!\n"), ("d.rs", "")]);
        let paths: Vec<String> = printed(&files_open_with_a_sentence(&tree));
        assert_eq!(paths.len(), 3);
        assert!(paths[0].starts_with("b.rs:1: open with"), "{paths:?}");
    }

    #[test]
    fn a_long_file_is_found() {
        let (longest, too_long) = ("x\n".repeat(LINES_MAX), "x\n".repeat(LINES_MAX + 1));
        let tree = Tree::of([("a.rs", &longest), ("b.rs", &too_long), ("c.sql", &too_long)]);
        assert_eq!(printed(&files_are_short(&tree)), ["b.rs:301: split the file: 301 lines, 300 at most"]);
    }

    #[test]
    fn a_vague_name_is_found_as_file_and_as_folder() {
        let tree =
            Tree::of([("a/src/utils.rs", ""), ("a/tests/common/mod.rs", ""), ("a/src/commons.rs", "")]);
        let findings = printed(&files_are_named_by_a_noun(&tree));
        assert_eq!(findings.len(), 2);
        assert!(findings[0].starts_with("a/src/utils.rs:1: "), "{findings:?}");
    }

    #[test]
    fn unfinished_work_is_found_in_code_and_not_in_comments() {
        for name in UNFINISHED {
            let text = format!("//! {name}!()\nx = {name}!(1);\nmy_{name}!(1);\nstd::{name}! {{}}\n");
            let findings = printed(&nothing_is_left_over(&Tree::of([("a.rs", text.as_str())])));
            assert_eq!(findings.len(), 2, "{findings:?}");
            assert!(findings[0].starts_with("a.rs:2: finish"), "{findings:?}");
            assert!(findings[1].starts_with("a.rs:4: finish"), "{findings:?}");
        }
    }

    #[test]
    fn a_test_that_is_not_run_needs_a_reason() {
        let found = |attribute: &str| {
            let text = format!("//! A.\n#[{attribute}]\n");
            !nothing_is_left_over(&Tree::of([("a.rs", text.as_str())])).is_empty()
        };
        assert!(found("ignore"));
        assert!(!found("ignore = \"needs two machines\""));
    }
}

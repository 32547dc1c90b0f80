//! Checks of every text, whatever its language.

use super::finding::Finding;
use super::tree::Tree;

/// The texts people write; what programs write (locks, expected outputs) is as it is.
const WRITTEN: &[&str] = &[".md", ".rs", ".sql", ".toml"];

/// Where a machine keeps what is not the project's. In halves, so that this file passes its own check.
const MACHINE_PATHS: &[&str] = &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];

/// No line ends in blanks, and Rust is indented by spaces.
pub(crate) fn lines_end_clean(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| WRITTEN.iter().any(|end| path.ends_with(end))) {
        for (number, line) in (1..).zip(text.lines()) {
            if line.ends_with([' ', '\t']) {
                findings.push(Finding::new(path, number, "remove the blanks at the end of the line"));
            }
            if path.ends_with(".rs") && line.contains('\t') {
                findings.push(Finding::new(path, number, "write the tab as spaces, or as \\t in a string"));
            }
        }
    }
    findings
}

/// No file leads to a place that only one machine has.
pub(crate) fn no_machine_is_named(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(place) = MACHINE_PATHS.iter().find(|place| begins_with(line, place)) {
                let advice =
                    format!("`{place}` is a folder of one machine; write a path relative to the repository");
                findings.push(Finding::new(path, number, advice));
            }
        }
    }
    findings
}

/// Whether a path in the line begins with `place`; in an address it stands after the name of a host.
fn begins_with(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::super::finding::printed;
    use super::*;

    #[test]
    fn blanks_at_the_end_and_tabs_are_found() {
        let tree = Tree::of([("a.md", "one \ntwo\n"), ("b.rs", "//! B.\n\tx\n"), ("c.stderr", "kept \n")]);
        let findings = lines_end_clean(&tree);
        assert_eq!(
            printed(&findings),
            [
                "a.md:1: remove the blanks at the end of the line",
                "b.rs:2: write the tab as spaces, or as \\t in a string",
            ]
        );
    }

    #[test]
    fn a_path_of_this_machine_is_found_in_any_text() {
        for place in MACHINE_PATHS {
            let text = format!("fine\ncd {place}x\nhttps://host.example{place}x\n");
            let findings = no_machine_is_named(&Tree::of([("run", &text)]));
            assert_eq!(findings.len(), 1);
            assert!(printed(&findings)[0].starts_with("run:2: `"), "{findings:?}");
        }
    }
}

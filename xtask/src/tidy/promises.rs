//! A page that answers a promise with the name of a test is right: there is such a test.

use super::finding::Finding;
use super::tree::Tree;

const PAGE: &str = "docs/launchpad.md";

/// Every `MODULE::TEST` that the page names is a function of a module of tests, or of the contract of stores.
pub(crate) fn named_tests_exist(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, content) in (1..).zip(tree.text(PAGE).unwrap_or_default().lines()) {
        // Every second piece between backticks is code.
        for name in content.split('`').skip(1).step_by(2) {
            if let Some((module, test)) = test_name(name)
                && !exists(tree, module, test)
            {
                findings.push(Finding::new(
                    PAGE,
                    line,
                    format!("there is no test `{name}`; name one that is"),
                ));
            }
        }
    }
    findings
}

/// `MODULE::TEST`, both in lower case.
fn test_name(code: &str) -> Option<(&str, &str)> {
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    code.split_once("::").filter(|(module, test)| is_name(module) && is_name(test))
}

fn exists(tree: &Tree, module: &str, test: &str) -> bool {
    let file = format!("/{module}.rs");
    let declared = [format!("fn {test}("), format!("fn {test}<")];
    let texts = tree
        .texts_ending(&file)
        .filter(|(path, _)| path.contains("/tests/") || path.starts_with("job-testing/src/contract/"));
    texts.into_iter().any(|(_, text)| declared.iter().any(|it| text.contains(it)))
}

#[cfg(test)]
mod tests {
    use super::super::finding::printed;
    use super::*;

    #[test]
    fn a_test_that_is_not_there_is_found() {
        let page =
            "# Cases\n`claim::in_order`, `claim::racing`, `time::kept`\n`Ask::Retry` and `claim::gone`\n";
        let tree = Tree::of([
            (PAGE, page),
            (
                "job-testing/src/contract/claim.rs",
                "pub async fn in_order(s: S) {}\nasync fn racing<S>(s: S) {}\n",
            ),
            ("job-runner/src/time.rs", "fn kept() {}\n"),
            ("job-runner/tests/it/time.rs", "fn kept_too() {}\n"),
        ]);
        assert_eq!(
            printed(&named_tests_exist(&tree)),
            [
                "docs/launchpad.md:2: there is no test `time::kept`; name one that is",
                "docs/launchpad.md:3: there is no test `claim::gone`; name one that is",
            ]
        );
    }
}

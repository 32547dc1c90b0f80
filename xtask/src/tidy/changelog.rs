//! The changelog always has a place for the next line.

use super::finding::Finding;
use super::tree::Tree;

const PATH: &str = "CHANGELOG.md";
const HEAD: &str = "## [Unreleased]";

/// The topmost version of the changelog is the one that is being written.
pub(crate) fn changelog_has_an_unreleased_head(tree: &Tree) -> Vec<Finding> {
    let text = tree.text(PATH).unwrap_or_default();
    let top = (1..).zip(text.lines()).find(|(_, line)| line.starts_with("## "));
    match top {
        Some((_, line)) if line == HEAD => Vec::new(),
        Some((number, _)) => vec![Finding::new(PATH, number, format!("put `{HEAD}` above this version"))],
        None => vec![Finding::new(PATH, 1, format!("write the changelog, with `{HEAD}` as its first head"))],
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::printed;
    use super::*;

    #[test]
    fn a_changelog_without_an_open_head_is_found() {
        let findings = |text: &str| printed(&changelog_has_an_unreleased_head(&Tree::of([(PATH, text)])));
        assert!(findings("# Changelog\n\n## [Unreleased]\n\n## [0.1.0]\n").is_empty());
        assert_eq!(
            findings("# Changelog\n\n## [0.1.0]\n\n## [Unreleased]\n"),
            ["CHANGELOG.md:3: put `## [Unreleased]` above this version"]
        );
        assert!(findings("# Changelog\n")[0].starts_with("CHANGELOG.md:1: write"));
        assert_eq!(changelog_has_an_unreleased_head(&Tree::of([("README.md", "")])).len(), 1);
    }
}

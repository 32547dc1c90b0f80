//! Links between documents lead somewhere, and every decision can be found.

use super::finding::Finding;
use super::tree::Tree;

/// Where a reader looks for the decisions.
const INDEXES: &[&str] = &["docs/adr/README.md", "docs/ARCHITECTURE.md", "ARCHITECTURE.md"];

/// Every relative link of a Markdown file leads to a file or folder of the repository.
pub(crate) fn links_resolve(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts_ending(".md") {
        for link in links(text).into_iter().filter(Link::is_relative) {
            if !link.resolved(path).is_some_and(|target| tree.holds(&target)) {
                let advice = format!("the link leads nowhere: `{}`", link.target);
                findings.push(Finding::new(path, link.line, advice));
            }
        }
    }
    findings
}

/// Every decision in docs/adr is linked from its index or from the architecture.
pub(crate) fn decisions_are_indexed(tree: &Tree) -> Vec<Finding> {
    let mut linked = Vec::new();
    for index in INDEXES {
        let links = links(tree.text(index).unwrap_or_default());
        linked.extend(links.iter().filter_map(|link| link.resolved(index)));
    }
    let decisions = tree.texts_ending(".md").filter(|(path, _)| path.starts_with("docs/adr/"));
    let lost =
        decisions.filter(|(path, _)| !INDEXES.contains(path) && !linked.iter().any(|target| target == path));
    lost.map(|(path, _)| Finding::new(path, 1, format!("link this decision from {}", INDEXES[0]))).collect()
}

struct Link {
    line: usize,
    target: String,
}

impl Link {
    /// Not an address, not a place in the same file, not an item that rustdoc resolves.
    fn is_relative(&self) -> bool {
        let scheme = self.target.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
        !scheme && !self.target.starts_with('#')
    }

    /// The path from the root of the repository, or `None` if it leads out of it.
    fn resolved(&self, from: &str) -> Option<String> {
        let target = self.target.split('#').next()?;
        let mut folders: Vec<&str> =
            if target.starts_with('/') { Vec::new() } else { from.split('/').collect() };
        folders.pop();
        for name in target.split('/') {
            match name {
                "" | "." => {}
                ".." => {
                    folders.pop()?;
                }
                name => folders.push(name),
            }
        }
        Some(folders.join("/"))
    }
}

/// The targets of `[text](target)` and `[label]: target`, outside of code.
fn links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (line, content) in (1..).zip(text.lines()) {
        let begins_or_ends_code = content.trim_start().starts_with("```");
        in_code ^= begins_or_ends_code;
        if in_code || begins_or_ends_code {
            continue;
        }
        // Every second piece between backticks is code.
        let prose: String = content.split('`').step_by(2).collect();
        let inline = prose.split("](").skip(1);
        let defined =
            prose.strip_prefix('[').filter(|rest| !rest.starts_with('^')).and_then(|it| it.split_once("]: "));
        for target in inline.chain(defined.map(|(_, target)| target)) {
            let target = target.split([')', ' ']).next().unwrap_or_default();
            links.push(Link { line, target: target.trim_matches(['<', '>']).to_owned() });
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::super::finding::printed;
    use super::*;

    #[test]
    fn a_link_to_nothing_is_found_wherever_it_starts() {
        let tree = Tree::of([
            ("docs/a.md", "[b](b.md#part), [c](../c.md), ![d](d.png)\n[e]: ../e.md\n[out](../../out.md)\n"),
            (
                "docs/b.md",
                "[root](/docs/a.md) [folder](../docs/) [same](#part) [web](https://b.example/x.md)\n",
            ),
            (
                "e.md",
                "`[code](x.md)` [`Job`](crate::Job) [^1]\n```\n[code](y.md)\n```\n[^1]: a note\n[`a`](docs/a.md)\n",
            ),
        ]);
        assert_eq!(
            printed(&links_resolve(&tree)),
            [
                "docs/a.md:1: the link leads nowhere: `../c.md`",
                "docs/a.md:1: the link leads nowhere: `d.png`",
                "docs/a.md:3: the link leads nowhere: `../../out.md`",
            ]
        );
    }

    #[test]
    fn a_decision_that_nothing_links_is_found() {
        let tree = Tree::of([
            ("docs/adr/README.md", "- [0001](0001-fence.md)\n"),
            ("docs/ARCHITECTURE.md", "see [0002](adr/0002-keys.md)\n"),
            ("docs/adr/0001-fence.md", "# 1\n"),
            ("docs/adr/0002-keys.md", "# 2\n"),
            ("docs/adr/0003-lost.md", "# 3\n"),
        ]);
        assert_eq!(
            printed(&decisions_are_indexed(&tree)),
            ["docs/adr/0003-lost.md:1: link this decision from docs/adr/README.md"]
        );
    }
}

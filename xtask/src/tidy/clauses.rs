//! A clause of the store contract that is declared but not listed would run for no store.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::tree::Tree;

const FOLDER: &str = "job-testing/src/contract/";
const LIST: &str = "job-testing/src/contract/mod.rs";

/// The line of each clause, by its name.
type Clauses<'a> = BTreeMap<&'a str, usize>;

/// The clauses that a module of the contract declares are those that the contract lists, as sets.
pub(crate) fn declared_clauses_are_listed(tree: &Tree) -> Vec<Finding> {
    let listed = listed(tree.text(LIST).unwrap_or_default());
    let mut findings = Vec::new();
    for (path, text) in tree.texts_ending(".rs").filter(|(path, _)| *path != LIST) {
        let Some(module) = path.strip_prefix(FOLDER).and_then(|file| file.strip_suffix(".rs")) else {
            continue;
        };
        let declared = declared(text);
        let listed = listed.get(module).cloned().unwrap_or_default();
        for (clause, line) in &declared {
            if !listed.contains_key(clause) {
                let advice = format!("list `{module}::{clause}` in {LIST}, or no store is held to it");
                findings.push(Finding::new(path, *line, advice));
            }
        }
        for (clause, line) in &listed {
            if !declared.contains_key(clause) {
                let advice = format!("declare `pub async fn {clause}` in {path}, or take it from this list");
                findings.push(Finding::new(LIST, *line, advice));
            }
        }
    }
    findings
}

/// `pub async fn NAME(` and `pub async fn NAME<`.
fn declared(text: &str) -> Clauses<'_> {
    let functions = (1..).zip(text.lines()).filter_map(|(line, code)| {
        Some((identifier(code.trim_start().strip_prefix("pub async fn ")?), line))
    });
    functions.collect()
}

/// `MODULE::{NAME, NAME}`, over one line or many, by module.
fn listed(text: &str) -> BTreeMap<&str, Clauses<'_>> {
    let mut listed: BTreeMap<&str, Clauses<'_>> = BTreeMap::new();
    let mut module = None;
    for (line, code) in (1..).zip(text.lines().map(|line| line.split("//").next().unwrap_or_default())) {
        if code.trim_start().starts_with("use ") || code.trim_start().starts_with("pub use ") {
            continue;
        }
        let mut rest = code;
        loop {
            if let Some(name) = module {
                let (names, end) =
                    rest.split_once('}').map_or((rest, None), |(names, end)| (names, Some(end)));
                let names = names
                    .split(',')
                    .map(|name| identifier(name.trim_start()))
                    .filter(|name| !name.is_empty());
                listed.entry(name).or_default().extend(names.map(|name| (name, line)));
                let Some(end) = end else { break };
                (module, rest) = (None, end);
            }
            let Some((before, after)) = rest.split_once("::{") else { break };
            let begin = before.rfind(|c: char| !is_word(c)).map_or(0, |at| at + 1);
            (module, rest) = (Some(&before[begin..]), after);
        }
    }
    listed
}

fn identifier(text: &str) -> &str {
    text.split(|c: char| !is_word(c)).next().unwrap_or_default()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::super::finding::printed;
    use super::*;

    const CONTRACT: &str = "\
//! The contract.
pub mod claim;
use claim::{unlisted};
#[macro_export]
macro_rules! store_contract {
    ($open:expr) => {
        $crate::__store_contract!($open;
            claim::{in_order, // a comment, with words
                racing}
            lease::{kept, gone,} lease::{lost}
        );
    };
}
macro_rules! __store_contract {
    ($open:expr; $($module:ident::{$($clause:ident),* $(,)?})*) => {};
}
";

    #[test]
    fn clauses_that_stand_on_one_side_only_are_found_on_both() {
        let tree = Tree::of([
            (LIST, CONTRACT),
            (
                "job-testing/src/contract/claim.rs",
                "//! C.\npub async fn in_order(s: S) {}\npub async fn racing<S>(s: S) {}\nasync fn step() {}\n",
            ),
            (
                "job-testing/src/contract/lease.rs",
                "pub async fn kept() {}\npub async fn lost() {}\npub async fn late() {}\n",
            ),
            ("job-testing/src/contract/order.rs", "pub async fn by_priority() {}\n"),
        ]);
        assert_eq!(
            printed(&declared_clauses_are_listed(&tree)),
            [
                "job-testing/src/contract/lease.rs:3: list `lease::late` in job-testing/src/contract/mod.rs, \
                 or no store is held to it",
                "job-testing/src/contract/mod.rs:10: declare `pub async fn gone` in \
                 job-testing/src/contract/lease.rs, or take it from this list",
                "job-testing/src/contract/order.rs:1: list `order::by_priority` in \
                 job-testing/src/contract/mod.rs, or no store is held to it",
            ]
        );
    }
}

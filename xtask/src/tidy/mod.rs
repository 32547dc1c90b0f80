//! `cargo xtask tidy`: what the compiler, rustfmt and clippy do not check, checked over the files git knows.

mod arrows;
mod changelog;
mod clauses;
mod finding;
mod links;
mod manifest;
mod promises;
mod source;
mod text;
mod tree;

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use finding::Finding;
use tree::Tree;

/// Each looks at one thing in the whole tree, and has a test beside it that shows that it bites.
const CHECKS: &[fn(&Tree) -> Vec<Finding>] = &[
    arrows::arrows_point_one_way,
    changelog::changelog_has_an_unreleased_head,
    clauses::declared_clauses_are_listed,
    links::links_resolve,
    links::decisions_are_indexed,
    promises::named_tests_exist,
    source::files_open_with_a_sentence,
    source::files_are_short,
    source::files_are_named_by_a_noun,
    source::nothing_is_left_over,
    text::lines_end_clean,
    text::no_machine_is_named,
];

/// Prints every finding; the exit code says whether there was one.
pub(crate) fn run() -> Result<ExitCode, Box<dyn Error>> {
    let tree = tree_of_this_workspace()?;
    let findings = findings(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    eprintln!("tidy: looked at {} files; findings: {}", tree.len(), findings.len());
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn findings(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(tree)).collect();
    findings.sort();
    findings
}

fn tree_of_this_workspace() -> Result<Tree, Box<dyn Error>> {
    let package = env::var_os("CARGO_MANIFEST_DIR").ok_or("run this as `cargo xtask tidy`")?;
    Tree::read(
        Path::new(&package).parent().ok_or("the workspace is the folder above xtask, and there is none")?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_tidy() {
        let tree = tree_of_this_workspace().unwrap();
        let findings: Vec<String> = findings(&tree).iter().map(Finding::to_string).collect();
        assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    }
}

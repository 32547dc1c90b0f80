//! Which of our crates may depend on which, as data; arrows run one way.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::manifest::Manifest;
use super::tree::Tree;

/// What the crates of some folders may depend on. A trailing `*` stands for any end.
struct Row {
    folder: &'static str,
    /// Of ours, by package.
    normal: &'static [&'static str],
    /// Of ours, for tests only, beside `normal`.
    dev: &'static [&'static str],
    /// Of others, all and exactly these; `None` where others are free to come and go.
    external: Option<&'static [&'static str]>,
}

const ROWS: &[Row] = &[
    // No clock, no randomness, no I/O: whatever a new name here brings in, every store and every user has it too.
    Row {
        folder: "job-core",
        normal: &[],
        dev: &[],
        external: Some(&[
            "async-trait",
            "jiff",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "tracing",
            "uuid",
        ]),
    },
    Row { folder: "job-store-*", normal: &["job-core"], dev: &["job-testing"], external: None },
    // Its own tests break a store that is right to see that the contract bites.
    Row { folder: "job-testing", normal: &["job-core"], dev: &["job-store-mem"], external: None },
    // Its command line is tested as processes, which need a store that outlives one.
    Row {
        folder: "job-runner",
        normal: &["job-core"],
        dev: &["job-store-mem", "job-store-sqlite", "job-testing"],
        external: None,
    },
    Row {
        folder: "examples/*",
        normal: &["job-core", "job-runner", "job-store-*"],
        dev: &["job-testing"],
        external: None,
    },
    Row { folder: "job-lab", normal: &["*"], dev: &[], external: None },
    // Every `cargo xtask` would wait for them.
    Row { folder: "xtask", normal: &[], dev: &[], external: Some(&[]) },
];

/// Every crate has a row, and depends on nothing that its row does not list.
pub(crate) fn arrows_point_one_way(tree: &Tree) -> Vec<Finding> {
    let manifests: BTreeMap<&str, Manifest> = tree
        .texts_ending("Cargo.toml")
        .map(|(path, text)| (path, Manifest::parse(text)))
        .filter(|(_, manifest)| !manifest.package.is_empty())
        .collect();
    let ours: Vec<&str> = manifests.values().map(|manifest| manifest.package.as_str()).collect();
    let mut findings = Vec::new();
    for (path, manifest) in &manifests {
        let folder = path.trim_end_matches("/Cargo.toml");
        match ROWS.iter().find(|row| matches(row.folder, folder)) {
            Some(row) => findings.extend(row.check(path, manifest, &ours)),
            None => {
                let advice = format!("give `{folder}` a row in xtask/src/tidy/arrows.rs");
                findings.push(Finding::new(path, 1, advice));
            }
        }
    }
    findings
}

impl Row {
    fn check(&self, path: &str, manifest: &Manifest, ours: &[&str]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for dependency in &manifest.dependencies {
            let package = dependency.package.as_str();
            let dev = dependency.dev;
            let allowed = if ours.contains(&package) {
                self.normal.iter().chain(if dev { self.dev } else { &[] }).any(|name| matches(name, package))
            } else {
                dev || self.external.is_none_or(|names| names.contains(&package))
            };
            if !allowed {
                let advice = format!("do without `{package}`: no arrow leads from {} to it", self.folder);
                findings.push(Finding::new(path, dependency.line, advice));
            }
        }
        for name in self.external.unwrap_or_default() {
            if !manifest.dependencies.iter().any(|it| it.package == *name && !it.dev) {
                let advice =
                    format!("take `{name}` from the list in xtask/src/tidy/arrows.rs: it is no longer used");
                findings.push(Finding::new(path, 1, advice));
            }
        }
        findings
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::printed;
    use super::*;

    /// What is said of one crate's manifest, beside crates that exist.
    fn said(folder: &str, dependencies: &str) -> Vec<String> {
        let path = format!("{folder}/Cargo.toml");
        let name = folder.rsplit('/').next().unwrap_or_default();
        let text = format!("[package]\nname = \"{name}\"\n{dependencies}");
        let mut files: Vec<(String, String)> = vec![(path, text)];
        for other in ["job-core", "job-runner", "job-store-mem", "job-testing"] {
            if other != folder {
                files.push((
                    format!("elsewhere/{other}/Cargo.toml"),
                    format!("[package]\nname = \"{other}\"\n"),
                ));
            }
        }
        let all = printed(&arrows_point_one_way(&Tree::of(files)));
        all.into_iter().filter(|line| line.starts_with(folder)).collect()
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_found() {
        assert_eq!(
            said(
                "job-store-sqlite",
                "[dependencies]\njob-core = \"1\"\ntokio = \"1\"\njob-runner.workspace = true\n"
            ),
            ["job-store-sqlite/Cargo.toml:6: do without `job-runner`: no arrow leads from job-store-* to it"]
        );
    }

    #[test]
    fn an_arrow_for_tests_is_no_arrow_for_users() {
        assert!(said("job-runner", "[dev-dependencies]\njob-testing = \"1\"\n").is_empty());
        assert_eq!(said("job-runner", "[dependencies]\njob-testing = \"1\"\n").len(), 1);
    }

    #[test]
    fn the_core_takes_exactly_what_is_listed() {
        let listed = ["async-trait", "jiff", "serde", "serde_json", "sha2", "thiserror", "tracing"];
        let lines = listed.map(|name| format!("{name}.workspace = true\n")).concat();
        let said = said(
            "job-core",
            &format!("[dependencies]\n{lines}tokio = \"1\"\n[dev-dependencies]\nrand = \"1\"\n"),
        );
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("do without `tokio`"), "{said:?}");
        assert!(said[1].contains("take `uuid` from the list"), "{said:?}");
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        assert_eq!(said("job-macros", "").len(), 1);
    }
}

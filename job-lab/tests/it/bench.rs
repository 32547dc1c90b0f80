//! The bench, with few jobs: every case measures what it says, and programs can read it.

use job_lab::bench::{Case, Kind, Plan, Report, Workload};
use serde_json::Value;
use std::{collections::BTreeSet, path::Path};

/// Not a multiple of any batch.
const JOBS: u32 = 137;

fn plan(report: Report) -> Plan {
    Plan {
        stores: Kind::ALL.to_vec(),
        workloads: Workload::ALL.to_vec(),
        variant: String::new(),
        jobs: JOBS,
        rounds: 2,
        report,
    }
}

/// What the plan prints. Each of its rounds looks for every job in the end, and fails if one is not in its place.
async fn printed(plan: &Plan) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut out = Vec::new();
    plan.measure(folder.path(), &mut out).await.unwrap();
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "a round leaves nothing behind");
    String::from_utf8(out).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_on_every_store_is_one_json_object_a_line() {
    let printed = printed(&plan(Report::Json)).await;
    let mut names = BTreeSet::new();
    for line in printed.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let number = |name: &str| line[name].as_f64().unwrap_or_else(|| panic!("no number {name}: {line}"));
        let text =
            |name: &str| line[name].as_str().unwrap_or_else(|| panic!("no text {name}: {line}")).to_owned();
        assert_eq!(line.as_object().map(serde_json::Map::len), Some(7), "{line}");
        assert_eq!(text("unit"), "jobs/s");
        let (value, ceiling, ratio) = (number("value"), number("ceiling"), number("ratio"));
        assert!(value > 0.0 && ceiling > 0.0, "{line}");
        // Both are rounded, so they agree to about a thousandth.
        assert!((ratio - value / ceiling).abs() <= 0.001 + ratio / 100.0, "{line}");
        names.insert([text("store"), text("workload"), text("variant")]);
    }
    let of_store = |kind: Kind| {
        Case::ALL.map(|case| [kind.name(), case.workload().name(), case.variant].map(str::to_owned))
    };
    assert_eq!(names, Kind::ALL.into_iter().flat_map(of_store).collect());
    assert_eq!(printed.lines().count(), names.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_measures_what_it_names_and_nothing_else() {
    let some = Plan {
        stores: vec![Kind::Memory],
        workloads: vec![Workload::StoreDrain],
        variant: "kept-100".to_owned(),
        ..plan(Report::Table)
    };
    let table = printed(&some).await;
    let rows: Vec<&str> = table.lines().skip(3).map(|row| &row[..31]).collect();
    assert_eq!(rows, ["memory store-drain kept-1000   ", "memory store-drain kept-100    "]);
    let heads = table.lines().nth(2).unwrap_or_default();
    assert!(heads.ends_with("target") && table.contains("0.40"), "{table}");
    assert!(table.lines().next().unwrap_or_default().contains(" cores of "), "{table}");
}

#[tokio::test]
async fn a_plan_about_nothing_is_told_what_there_is() {
    let nothing =
        Plan { workloads: vec![Workload::Drain], variant: "fast".to_owned(), ..plan(Report::Table) };
    let refused = nothing.measure(Path::new(""), &mut Vec::new()).await.unwrap_err();
    assert_eq!(refused.to_string(), "no variant has `fast` in its name; there are kept, deleted");
}

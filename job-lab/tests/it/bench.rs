//! The bench, with few jobs: every case measures what it says, and programs can read it.

use job_lab::bench::{Case, Ground, Kind, Plan, Report, Server, Workload};
use serde_json::Value;
use std::{collections::BTreeSet, env, io::Write, path::Path};

/// Not a multiple of any batch.
const JOBS: u32 = 137;

/// What every machine has.
const EVERYWHERE: [Kind; 2] = [Kind::Memory, Kind::Sqlite];

fn plan(stores: &[Kind], report: Report) -> Plan {
    Plan {
        stores: stores.to_vec(),
        workloads: Workload::ALL.to_vec(),
        variant: String::new(),
        jobs: JOBS,
        rounds: 2,
        report,
    }
}

/// What the plan prints. Each of its rounds looks for every job in the end, and fails if one is not in its place.
async fn printed(plan: &Plan, server: Option<Server>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let ground = Ground::new(folder.path(), server);
    let mut out = Vec::new();
    let measured = plan.measure(&ground, &mut out).await;
    ground.leave().await.unwrap();
    measured.unwrap();
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "a round leaves nothing behind");
    String::from_utf8(out).unwrap()
}

/// Checks that each of the lines is whole, and gives what they name, each once.
fn named(lines: &str) -> BTreeSet<[String; 4]> {
    let mut names = BTreeSet::new();
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let number = |name: &str| line[name].as_f64().unwrap_or_else(|| panic!("no number {name}: {line}"));
        let text =
            |name: &str| line[name].as_str().unwrap_or_else(|| panic!("no text {name}: {line}")).to_owned();
        assert_eq!(line.as_object().map(serde_json::Map::len), Some(7), "{line}");
        let value = number("value");
        let bare = text("workload") == "idle" || text("workload") == "latency" && text("store") != "postgres";
        if bare {
            assert!(line["ceiling"].is_null() && line["ratio"].is_null(), "{line}");
            // A worker may do nothing at all in a second.
            assert!(value > 0.0 || text("workload") == "idle" && value == 0.0, "{line}");
        } else {
            let (ceiling, ratio) = (number("ceiling"), number("ratio"));
            assert!(value > 0.0 && ceiling > 0.0, "{line}");
            let expected = if text("unit") == "jobs/s" { value / ceiling } else { ceiling / value };
            // All are rounded, so they agree to about a hundredth.
            assert!((ratio - expected).abs() <= 0.002 + ratio / 50.0, "{line}");
        }
        assert!(names.insert([text("store"), text("workload"), text("variant"), text("unit")]), "{line}");
    }
    names
}

/// What is named where every case of these stores is measured, its costs aside.
fn cases_of(stores: &[Kind]) -> BTreeSet<[String; 4]> {
    let of_store = |kind: Kind| {
        let cases = Case::ALL.into_iter().filter(move |case| case.is_of(kind));
        let names = move |case: Case| [kind.name(), case.workload().name(), case.variant, case.unit().name()];
        cases.map(move |case| names(case).map(str::to_owned))
    };
    stores.iter().copied().flat_map(of_store).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_of_a_store_that_needs_no_server_is_one_json_object_a_line() {
    let printed = printed(&plan(&EVERYWHERE, Report::Json), None).await;
    assert_eq!(named(&printed), cases_of(&EVERYWHERE));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_on_postgres_is_measured_with_what_it_costs() {
    let Ok(url) = env::var("DATABASE_URL") else {
        assert!(env::var("REQUIRE_POSTGRES").is_err(), "DATABASE_URL is not set");
        // Past the harness, which would keep it to itself.
        writeln!(std::io::stderr(), "the bench of PostgreSQL was not tested: DATABASE_URL is not set")
            .unwrap();
        return;
    };
    let server = Server::at(&url).await.unwrap();
    let printed = printed(&Plan { rounds: 1, ..plan(&[Kind::Postgres], Report::Json) }, Some(server)).await;
    let (costs, figures): (BTreeSet<_>, BTreeSet<_>) =
        named(&printed).into_iter().partition(|[.., unit]| unit.ends_with("/job"));
    assert_eq!(figures, cases_of(&[Kind::Postgres]));
    let logged = costs.iter().filter(|[.., unit]| unit == "WAL bytes/job").count();
    let rates = Case::ALL.iter().filter(|it| it.unit().name() == "jobs/s").count();
    assert_eq!(logged, rates, "{costs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_measures_what_it_names_and_nothing_else() {
    let some = Plan {
        stores: vec![Kind::Memory],
        workloads: vec![Workload::StoreDrain],
        variant: "kept-100".to_owned(),
        ..plan(&EVERYWHERE, Report::Table)
    };
    let table = printed(&some, None).await;
    let rows: Vec<&str> = table.lines().skip(3).map(|row| &row[..33]).collect();
    assert_eq!(rows, ["memory   store-drain kept-1000   ", "memory   store-drain kept-100    "]);
    let heads = table.lines().nth(2).unwrap_or_default();
    assert!(heads.ends_with("target") && table.contains("0.40"), "{table}");
    assert!(table.lines().next().unwrap_or_default().contains(" cores of "), "{table}");
}

#[tokio::test]
async fn a_plan_about_nothing_is_told_what_there_is() {
    let nothing = Plan {
        workloads: vec![Workload::Drain],
        variant: "fast".to_owned(),
        ..plan(&EVERYWHERE, Report::Table)
    };
    let ground = Ground::new(Path::new(""), None);
    let refused = nothing.measure(&ground, &mut Vec::new()).await.unwrap_err();
    assert_eq!(refused.to_string(), "no variant has `fast` in its name; there are kept, deleted");
}

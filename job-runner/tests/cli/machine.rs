//! `run-jobs --json` and `--limit`: for machines, and for a try.

use crate::program::{Ended, Folder};
use job_core::{
    JobStatus,
    store::{Filter, Switch},
};
use serde_json::{Value, json};
use std::process::Stdio;

const ALL: &str = "[section.all]\ntypes = ['greet', 'fail']\n[section.other]\ntypes = ['greet']\n";

#[tokio::test]
async fn what_was_done_is_an_object_for_each_section() {
    let folder = Folder::with(&format!("{ALL}[section.bad]\ntypes = ['greet']\nrole = 'nobody'\n"));
    folder.greet("Ada").await;
    folder.enqueue("fail", json!({ "retries": 1 }), |it| it).await;
    let switches = folder.store().await.switches;
    switches.set(&Switch::DisableSection("other".parse().unwrap()), true).await.unwrap();
    let ran = folder.run("run-jobs all other bad --json");
    assert_eq!(ran.code, Some(1));
    let [all, other, bad] = &ran.objects()[..] else { panic!("{}", ran.out) };
    assert_eq!(
        *all,
        json!({
            "section": "all", "outcome": "ran", "error": null,
            "completed": { "greet": 1 }, "incomplete": { "fail": 1 },
            "rescued": 0, "stale": 0, "gone": 0, "zombies": 0,
            "paused_types": [], "paused_queues": [],
        })
    );
    assert_eq!((&other["section"], &other["outcome"]), (&json!("other"), &json!("disabled")));
    assert_eq!((&bad["section"], &bad["outcome"]), (&json!("bad"), &json!("failed")));
    assert!(bad["error"].as_str().unwrap().contains("there is no role `nobody`"));
    assert!(ran.err.contains("INFO    Ran 1 greet jobs.\n"), "the log stays as it is: {}", ran.err);
}

#[tokio::test]
async fn jobs_may_print_beside_the_objects() {
    let folder = Folder::with("[section.all]\ntypes = ['greet']\n");
    let aloud = json!({ "name": "Ada", "aloud": true });
    for mode in ["", "--worker"] {
        folder.enqueue("greet", aloud.clone(), |it| it).await;
        let mut run = folder.start(&format!("run-jobs all --json {mode}"));
        // It prints first.
        run.says("INFO    hello Ada");
        if mode == "--worker" {
            run.signal("TERM");
        }
        let ended = run.ended();
        let (printed, object) = ended.out.split_once('\n').unwrap();
        assert_eq!((ended.code, printed), (Some(0), "hello Ada"), "{}", ended.err);
        let object: Value = serde_json::from_str(object).unwrap();
        assert_eq!(object["completed"], json!({ "greet": 1 }));
    }
}

#[tokio::test]
async fn a_section_that_runs_elsewhere_or_was_stopped_is_an_object_too() {
    let folder = Folder::with("[section.waiting]\ntypes = ['wait']\n");
    folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let mut first = folder.start("run-jobs waiting --json");
    first.says("INFO    waiting");
    let second = folder.run("run-jobs waiting --json");
    assert_eq!((second.code, &second.objects()[0]["outcome"]), (Some(1), &json!("elsewhere")));
    first.signal("INT");
    let ended = first.ended();
    let object = &ended.objects()[0];
    assert_eq!((ended.code, &object["outcome"]), (Some(130), &json!("stopped")));
    assert_eq!(object["incomplete"], json!({ "wait": 1 }));
}

#[tokio::test]
async fn sections_that_were_not_reached_are_objects_too() {
    let folder = Folder::with(
        "[section.waiting]\ntypes = ['wait']\n[section.greetings]\ntypes = ['greet']\n[section.bad]\ntypes = ['greet']\n\
         role = 'nobody'\n",
    );
    folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let outcomes = |ended: &Ended| -> Vec<(Value, Value)> {
        ended.objects().iter().map(|it| (it["section"].clone(), it["outcome"].clone())).collect()
    };
    let mut stopped = folder.start("run-jobs waiting greetings --json");
    stopped.says("INFO    waiting");
    stopped.signal("TERM");
    let (waiting, greetings, bad) = (json!("waiting"), json!("greetings"), json!("bad"));
    assert_eq!(
        outcomes(&stopped.ended()),
        [(waiting, json!("stopped")), (greetings.clone(), json!("not-run"))]
    );
    let refused = folder.run("run-jobs greetings bad --worker --json");
    assert_eq!(outcomes(&refused), [(greetings, json!("not-run")), (bad, json!("failed"))]);
}

#[tokio::test]
async fn a_reader_that_goes_away_stops_no_section() {
    let folder = Folder::with(ALL);
    folder.greet("Ada").await;
    let mut command = folder.command("run-jobs other all --json");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    let log = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(0), "{log}");
    assert!(
        log.contains("INFO    Ran 1 greet jobs.\n") && log.ends_with("INFO    No jobs to run.\n"),
        "{log}"
    );
}

#[tokio::test]
async fn a_limit_leaves_the_rest_to_the_next_run() {
    let folder = Folder::with(&format!("{ALL}concurrency = 10\n"));
    for number in 0..5 {
        folder.greet(&number.to_string()).await;
    }
    let waiting = Filter { statuses: Some(vec![JobStatus::Waiting]), ..Filter::default() };
    let left = async || folder.store().await.store.count(&waiting, 10).await.unwrap().jobs;
    for (limit, count, expected) in [(2, 2, 3), (1, 1, 2), (10, 2, 0)] {
        let ran = folder.run(&format!("run-jobs other --limit {limit}"));
        assert!(ran.err.ends_with(&format!("INFO    Ran {count} greet jobs.\n")), "{}", ran.err);
        assert_eq!(left().await, expected);
    }
    let none = folder.run("run-jobs other --limit 0");
    assert_eq!(none.code, Some(2));
}

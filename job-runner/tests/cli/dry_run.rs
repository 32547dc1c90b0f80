//! `run-jobs --dry-run`: what would be run, and nothing is.

use crate::program::Folder;
use expect_test::expect;
use job_core::{
    JobStatus, NewJob, Start,
    store::{Filter, Switch},
};
use serde_json::json;
use std::time::Duration;

const TWO: &str =
    "[section.greetings]\ntypes = ['greet', 'fail']\nqueues = ['slow']\n[section.news]\ntypes = ['wait']\n";

#[tokio::test]
async fn it_says_what_would_be_run_by_type_and_queue_and_starts_nothing() {
    let folder = Folder::with(TWO);
    for name in ["Ada", "Bob"] {
        folder.greet(name).await;
    }
    let slow = |it| NewJob { queue: "slow".parse().unwrap(), ..it };
    folder.enqueue("fail", json!({ "retries": 0 }), slow).await;
    let later = |it| NewJob { start: Start::In(Duration::from_secs(3600)), ..it };
    folder.enqueue("greet", json!({ "name": "Cyd" }), later).await;
    folder.enqueue("theirs", json!(null), |it| it).await;
    let said = folder.run("run-jobs greetings news --dry-run");
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    expect![[r#"
        SECTION    TYPE   QUEUE    READY
        greetings  greet  default  2
        greetings  fail   slow     1
        section news has nothing to run
    "#]]
    .assert_eq(&said.out);
    let objects = folder.run("run-jobs greetings news --dry-run --json");
    expect![[r#"
        {"section":"greetings","enabled":true,"ready":[{"type":"greet","queue":"default","jobs":2,"at_least":false},{"type":"fail","queue":"slow","jobs":1,"at_least":false}],"paused_types":[],"paused_queues":[],"lapsed":0}
        {"section":"news","enabled":true,"ready":[],"paused_types":[],"paused_queues":[],"lapsed":0}
    "#]].assert_eq(&objects.out);
    let waiting = Filter { statuses: Some(vec![JobStatus::Waiting]), ..Filter::default() };
    assert_eq!(folder.store().await.store.count(&waiting, 10).await.unwrap().jobs, 5);
}

#[tokio::test]
async fn it_leaves_out_what_is_held_back() {
    let folder = Folder::with(TWO);
    folder.greet("Ada").await;
    folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let switches = folder.store().await.switches;
    switches.set(&Switch::PauseType("greet".parse().unwrap()), true).await.unwrap();
    switches.set(&Switch::PauseQueue("elsewhere".parse().unwrap()), true).await.unwrap();
    switches.set(&Switch::DisableSection("news".parse().unwrap()), true).await.unwrap();
    let said = folder.run("run-jobs greetings news --dry-run");
    assert_eq!(said.code, Some(0));
    expect![[r#"
        section greetings would start nothing of type greet, which is paused until `types resume greet`
        section greetings has nothing to run
        section news is disabled; its jobs would be left alone
    "#]]
    .assert_eq(&said.out);
}

#[tokio::test]
async fn jobs_of_lost_runners_are_said_to_be_given_back() {
    let folder = Folder::with(&format!("{TWO}lease = '1s'\n"));
    folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let mut killed = folder.start("run-jobs news");
    killed.says("INFO    waiting");
    assert_eq!(folder.run("run-jobs news --dry-run").out, "section news has nothing to run\n");
    killed.signal("KILL");
    assert_eq!(killed.ended().code, None);
    let opened = folder.store().await;
    while opened.store.lapsed(None, std::num::NonZeroU32::MIN, opened.clock).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let said = folder.run("run-jobs news --dry-run");
    assert_eq!(said.out, "section news would first give back 1 job whose runner was lost\n");
}

#[test]
fn it_makes_no_store_and_sets_nothing_up() {
    let folder = Folder::with("[section.bad]\ntypes = ['greet']\nrole = 'nobody'\n");
    let said = folder.run("run-jobs bad --dry-run");
    assert_eq!(said.code, Some(1));
    assert!(said.err.ends_with(" yet; run-jobs makes it\n"), "{}", said.err);
    assert!(!folder.path("jobs.sqlite3").exists());
    assert_eq!(folder.run("run-jobs bad").code, Some(1), "its setup fails");
    assert_eq!(folder.run("run-jobs bad --dry-run").out, "section bad has nothing to run\n");
}

#[test]
fn what_makes_no_sense_together_is_refused() {
    let folder = Folder::with(TWO);
    for args in ["--dry-run --worker", "--dry-run --limit 3", "--worker --wait", "--worker --limit 3"] {
        let ran = folder.run(&format!("run-jobs news {args}"));
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{args}");
        assert!(ran.err.contains("cannot be used with"), "{}", ran.err);
    }
}

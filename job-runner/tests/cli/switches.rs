//! `queues` and `types` as a process: what is paused starts nowhere, until it is resumed.

use crate::program::Folder;
use expect_test::expect;
use job_core::{
    JobStatus, NewJob,
    store::{Filter, JobStoreExt, Switch},
};
use serde_json::json;

const ALL: &str = "[section.all]\ntypes = ['greet', 'wait']\nqueues = ['slow']\n";

async fn in_slow(folder: &Folder) {
    let slow = |it| NewJob { queue: "slow".parse().unwrap(), ..it };
    folder.enqueue("greet", json!({ "name": "Ada" }), slow).await;
}

#[tokio::test]
async fn nothing_of_a_paused_queue_or_type_is_started_until_it_is_resumed() {
    for (pause, resume, ran_before) in
        [("queues pause slow", "queues resume slow", 1), ("types pause greet", "types resume greet", 0)]
    {
        let folder = Folder::with(ALL);
        in_slow(&folder).await;
        folder.greet("Bob").await;
        let paused = folder.run(pause);
        assert_eq!((paused.code, paused.err.as_str()), (Some(0), ""));
        assert_eq!(paused.out, format!("{} is paused\n", pause.replace("s pause", "")));
        let done = Filter { statuses: Some(vec![JobStatus::Completed]), ..Filter::default() };
        let ran = async || folder.store().await.store.count(&done, 10).await.unwrap().jobs;
        assert_eq!((folder.run("run-jobs all").code, ran().await), (Some(0), ran_before));
        let resumed = folder.run(resume);
        assert_eq!(resumed.out, format!("{} is resumed\n", resume.replace("s resume", "")));
        assert_eq!((folder.run("run-jobs all").code, ran().await), (Some(0), 2));
    }
}

#[tokio::test]
async fn a_pause_that_waits_returns_once_nothing_runs_any_more() {
    let folder = Folder::with(&format!("{ALL}grace = '1m'\n"));
    folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let mut runner = folder.start("run-jobs all");
    runner.says("INFO    waiting");
    let mut pause = folder.start("types pause wait greet --wait --timeout 1m");
    pause.says("Waiting for 1 to end.");
    let on = folder.store().await.switches.switches().await.unwrap();
    assert!(on.contains(&Switch::PauseType("wait".parse().unwrap())), "before it waits");
    runner.signal("INT");
    let paused = pause.ended();
    assert_eq!(paused.code, Some(0), "{}", paused.err);
    assert_eq!(paused.out, "type wait is paused\ntype greet is paused\nnothing of it runs any more\n");
    let running = Filter { statuses: Some(vec![JobStatus::Running]), ..Filter::default() };
    assert!(!folder.store().await.store.any(&running).await.unwrap());
    assert_eq!(runner.ended().code, Some(130));
}

#[tokio::test]
async fn a_pause_that_waited_in_vain_says_what_still_runs_and_stays() {
    let folder = Folder::with(ALL);
    let id = folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let mut runner = folder.start("run-jobs all");
    runner.says("INFO    waiting");
    let pause = folder.run("queues pause default --wait --timeout 0s");
    assert_eq!((pause.code, pause.out.as_str()), (Some(1), "queue default is paused\n"));
    let begin = format!(
        "error: 1 job still runs after 0 s; the pause of queue default stays:\n  {}  wait, attempt 1, since ",
        id.prefix(12)
    );
    assert!(pause.err.contains(&begin), "{}", pause.err);
    assert!(folder.run("queues list").out.contains("\ndefault  paused  0      0        1\n"));
    runner.signal("INT");
    assert_eq!(runner.ended().code, Some(130));
    let again = folder.run("queues pause default --wait --timeout 0s");
    assert_eq!(again.code, Some(0), "nothing runs, so there is nothing to wait for: {}", again.err);
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_refused_and_nothing_is_paused() {
    let folder = Folder::with(ALL);
    folder.enqueue("theirs", json!(null), |it| NewJob { queue: "other".parse().unwrap(), ..it }).await;
    let told = |args: &str| {
        let ran = folder.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
        ran.err
    };
    expect![[r#"
        error: there is no queue `slwo`, so nothing was paused: no job is in it, and no job type of this program uses it; did you mean `slow`? The queues are default, slow. --force does it all the same
    "#]].assert_eq(&told("queues pause slow slwo"));
    expect![[r#"
        error: there is no type `grete`, so nothing was paused: no job is of it, and this program does not have it; did you mean `greet`? The types are complain, fail, greet, wait. --force does it all the same
    "#]].assert_eq(&told("types pause grete"));
    expect![[r#"
        error: there is no type `grete`: no job is of it, and this program does not have it; did you mean `greet`? The types are complain, fail, greet, wait
    "#]].assert_eq(&told("types resume grete"));
    let opened = folder.store().await;
    assert_eq!(opened.switches.switches().await.unwrap(), []);
    for known in ["queues pause slow other", "types pause theirs", "types pause later --force"] {
        assert_eq!(folder.run(known).code, Some(0), "{known}");
    }
    assert_eq!(opened.switches.switches().await.unwrap().len(), 4);
    assert_eq!(folder.run("types resume later").out, "type later is resumed\n");
}

#[tokio::test]
async fn a_job_that_is_held_back_says_by_what() {
    let folder = Folder::with(ALL);
    let id = folder.greet("Ada").await;
    let show = |args: &str| folder.run(&format!("jobs show {id} {args}"));
    assert!(!show("").out.contains("paused"));
    assert_eq!(folder.run("types pause greet").code, Some(0));
    assert_eq!(folder.run("queues pause default slow").code, Some(0));
    let shown = show("").out;
    assert!(shown.contains("\n  paused         queue default, type greet\n"), "{shown}");
    assert_eq!(show("--json").objects()[0]["paused"], json!(["queue default", "type greet"]));
}

#[tokio::test]
async fn pausing_and_resuming_twice_is_no_failure() {
    let folder = Folder::with(ALL);
    folder.store().await;
    assert_eq!(folder.run("queues resume slow").out, "queue slow was not paused\n");
    let first = folder.command("queues pause slow").args(["--reason", "deploy 7"]).output().unwrap();
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(folder.run("queues pause slow").out, "queue slow is paused, as it was before\n");
    let listed = folder.run("queues list").out;
    assert!(listed.ends_with(": deploy 7\n"), "the reason that was given is kept: {listed}");
    assert_eq!(folder.run("queues resume slow").code, Some(0));
    assert_eq!(folder.run("queues resume slow").code, Some(0));
}

#[tokio::test]
async fn queues_are_listed_with_their_jobs_and_who_paused_them() {
    let folder = Folder::with(ALL);
    in_slow(&folder).await;
    in_slow(&folder).await;
    folder.enqueue("theirs", json!(null), |it| NewJob { queue: "other".parse().unwrap(), ..it }).await;
    let pause = folder.command("queues pause slow").args(["--reason", "deploy"]).env("USER", "ada").output();
    assert_eq!(pause.unwrap().status.code(), Some(0));
    let listed = folder.run("queues list");
    assert_eq!((listed.code, listed.err.as_str()), (Some(0), ""));
    let (table, by) = listed.out.split_once("queue slow was").unwrap();
    expect![[r#"
        QUEUE    STATE   READY  WAITING  RUNNING
        default  open    0      0        0
        other    open    1      1        0
        slow     paused  0      2        0
    "#]]
    .assert_eq(table);
    assert!(by.starts_with(" paused by ada@") && by.ends_with("Z: deploy\n"), "{by}");
    let objects = folder.run("queues list --json").objects();
    let slow = objects.last().unwrap();
    assert_eq!(
        [&slow["queue"], &slow["waiting"], &slow["reason"]],
        [&json!("slow"), &json!(2), &json!("deploy")]
    );
    assert_eq!(slow["paused"], json!(true));
    expect![[r#"
        TYPE      STATE  READY  WAITING  RUNNING
        complain  open   0      0        0
        fail      open   0      0        0
        greet     open   0      2        0
        wait      open   0      0        0
    "#]]
    .assert_eq(&folder.run("types list").out);
}

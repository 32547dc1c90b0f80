//! Two processes and one section, signals, and processes that die.

use crate::program::{Folder, Started};
use job_core::{
    ActorId, JobStatus, LockName,
    store::{JobStoreExt, Lock, LockRequest},
};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

const WAITING: &str = "[section.waiting]\ntypes = ['wait', 'greet']\n";

#[track_caller]
fn ends(process: Started, code: i32) {
    let ended = process.ended();
    assert_eq!(ended.code, Some(code), "{}", ended.err);
}

#[tokio::test]
async fn a_second_process_says_who_runs_the_section_and_until_when() {
    let folder = Folder::with(WAITING);
    folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let mut first = folder.start("run-jobs waiting");
    first.says("INFO    waiting");
    let second = folder.run("run-jobs waiting");
    assert_eq!((second.code, second.out.as_str()), (Some(1), ""));
    let begin = "ERROR   Section waiting is running elsewhere: ";
    assert!(second.err.starts_with(begin), "{}", second.err);
    assert!(second.err.contains(&format!(" pid {}, its lock holds until 20", first.pid())), "{}", second.err);
    assert!(second.err.ends_with(" s). Use --wait to wait.\n"), "{}", second.err);
    first.signal("INT");
    ends(first, 130);
}

/// P07
#[tokio::test]
async fn a_group_takes_the_lock_of_each_of_its_sections_and_none_of_its_own() {
    let folder = Folder::with(
        "[section.a]\ntypes = ['greet']\ngroup = 'main'\n[section.b]\ntypes = ['fail']\ngroup = 'main'\n",
    );
    let opened = folder.store().await;
    let hold = async |name: &str| {
        let by = ActorId::from_uuid(Uuid::from_u128(7));
        let request = LockRequest {
            name: LockName::new(name).unwrap(),
            by,
            holder: "somebody".into(),
            lease: Duration::from_secs(3600),
            clock: opened.clock,
        };
        assert!(matches!(opened.store.lock(&request).await.unwrap(), Lock::Taken { .. }));
    };
    for name in ["section/main", "group/main", "main"] {
        hold(name).await;
    }
    let ran = folder.run("run-jobs --group main");
    assert_eq!((ran.code, ran.err.matches("No jobs to run.").count()), (Some(0), 2), "{}", ran.err);
    hold("section/a").await;
    let ran = folder.run("run-jobs --group main");
    assert_eq!((ran.code, ran.err.matches("No jobs to run.").count()), (Some(1), 1), "{}", ran.err);
    assert!(ran.err.contains("ERROR   Section a is running elsewhere: somebody"), "{}", ran.err);
}

#[tokio::test]
async fn a_process_that_waits_runs_once_the_other_is_done() {
    let folder = Folder::with(WAITING);
    let id = folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let mut first = folder.start("run-jobs waiting");
    first.says("INFO    waiting");
    let mut second = folder.start("run-jobs waiting --wait");
    second.says("running elsewhere");
    let job = folder.store().await.store.get(id).await.unwrap().unwrap();
    assert_eq!(job.state.status(), JobStatus::Running);
    first.signal("TERM");
    ends(first, 143);
    second.says("INFO    waiting");
    second.signal("TERM");
    ends(second, 143);
}

#[tokio::test]
async fn a_process_that_waits_can_be_stopped() {
    let folder = Folder::with(WAITING);
    folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let mut first = folder.start("run-jobs waiting");
    first.says("INFO    waiting");
    let mut second = folder.start("run-jobs waiting --wait");
    second.says("running elsewhere");
    second.signal("INT");
    ends(second, 130);
    first.signal("INT");
    ends(first, 130);
}

#[tokio::test]
async fn a_signal_gives_running_jobs_back_with_their_attempt() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let folder = Folder::with(&format!("{WAITING}grace = '0s'\n"));
        let id = folder.enqueue("wait", json!({ "stubborn": true }), |it| it).await;
        let mut process = folder.start("run-jobs waiting");
        process.says("INFO    waiting");
        process.signal(signal);
        let ended = process.ended();
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{}", ended.err);
        assert!(ended.err.contains("WARN    Stopping."), "{}", ended.err);
        let job = folder.store().await.store.get(id).await.unwrap().unwrap();
        assert_eq!((job.state.status(), job.state.attempt_count()), (JobStatus::Waiting, 0));
    }
}

#[tokio::test]
async fn a_signal_starts_no_further_section() {
    let folder = Folder::with(&format!("{WAITING}[section.next]\ntypes = ['greet']\n"));
    folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let mut process = folder.start("run-jobs waiting next");
    process.says("INFO    waiting");
    process.signal("INT");
    let ended = process.ended();
    assert_eq!(ended.code, Some(130));
    assert!(!ended.err.contains("Running section next"), "{}", ended.err);
}

#[tokio::test]
async fn a_second_signal_gives_running_jobs_back_at_once() {
    let folder = Folder::with(&format!("{WAITING}grace = '1h'\n"));
    let id = folder.enqueue("wait", json!({ "stubborn": true }), |it| it).await;
    let mut process = folder.start("run-jobs waiting");
    process.says("INFO    waiting");
    process.signal("TERM");
    process.says("Stopping.");
    process.signal("INT");
    let ended = process.ended();
    assert_eq!(ended.code, Some(143), "as the first signal says: {}", ended.err);
    let job = folder.store().await.store.get(id).await.unwrap().unwrap();
    assert_eq!((job.state.status(), job.state.attempt_count()), (JobStatus::Waiting, 0));
}

#[tokio::test]
async fn after_a_kill_the_section_and_its_jobs_are_free_once_their_leases_end() {
    // Short enough to be waited out, and long enough for a busy machine.
    let folder = Folder::with(&format!("{WAITING}lease = '3s'\n"));
    let id = folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let mut killed = folder.start("run-jobs waiting");
    killed.says("INFO    waiting");
    killed.signal("KILL");
    assert_eq!(killed.ended().code, None);
    // The first one waits for the section; the job's lease may end a little later than the section's.
    let mut next = loop {
        let mut next = folder.start("run-jobs waiting --wait");
        if next.says_or_ends(&format!("INFO    Running wait job {id} (attempt 2).")) {
            break next;
        }
        ends(next, 0);
    };
    next.says("INFO    waiting");
    next.signal("INT");
    ends(next, 130);
}

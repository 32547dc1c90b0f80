//! `run-jobs --worker` as a process: it runs what comes, until it is told to stop.

use crate::program::Folder;
use job_core::{JobId, JobStatus, NewJob, Start, store::JobStoreExt};
use serde_json::json;
use std::time::Duration;

const TWO: &str = "[section.waiting]\ntypes = ['wait']\n[section.greetings]\ntypes = ['greet']\n";

async fn status(folder: &Folder, id: JobId) -> (JobStatus, u32) {
    let job = folder.store().await.store.get(id).await.unwrap().unwrap();
    (job.state.status(), job.state.attempt_count())
}

#[tokio::test]
async fn it_runs_what_is_enqueued_while_it_runs_and_a_signal_is_its_normal_end() {
    for signal in ["TERM", "INT"] {
        let folder = Folder::with(TWO);
        let mut worker = folder.start("run-jobs greetings --worker");
        worker.says("INFO    Working on section greetings.");
        folder.greet("Ada").await;
        worker.says("INFO    hello Ada");
        let soon = |it| NewJob { start: Start::In(Duration::from_millis(300)), ..it };
        folder.enqueue("greet", json!({ "name": "Bob" }), soon).await;
        worker.says("INFO    hello Bob");
        worker.signal(signal);
        let ended = worker.ended();
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{}", ended.err);
        assert!(ended.err.ends_with("INFO    Ran 2 greet jobs.\n"), "{}", ended.err);
        let listed = folder.run("sections list --json").out;
        assert!(listed.contains(r#""completed":{"greet":2}"#), "its run is recorded: {listed}");
    }
}

/// L24
#[tokio::test]
async fn the_last_failure_of_a_job_is_on_the_log_as_an_error() {
    let folder = Folder::with("[section.all]\ntypes = ['fail']\n");
    let mut worker = folder.start("run-jobs all --worker");
    worker.says("INFO    Working on section all.");
    let id = folder.enqueue("fail", json!({ "retries": 0 }), |it| NewJob { max_retries: 0, ..it }).await;
    worker.says("ERROR");
    worker.signal("TERM");
    let ended = worker.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let error = ended.err.lines().find(|it| it.starts_with("ERROR")).unwrap();
    assert!(error.contains("nobody is at home"), "{error}");
    assert_eq!(status(&folder, id).await, (JobStatus::Failed, 1));
}

#[tokio::test]
async fn sections_run_side_by_side() {
    let folder = Folder::with(TWO);
    folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let mut worker = folder.start("run-jobs waiting greetings --worker --json");
    worker.says("INFO    waiting");
    folder.greet("Ada").await;
    worker.says("INFO    hello Ada");
    worker.signal("TERM");
    let ended = worker.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let mut sections: Vec<_> = ended
        .out
        .lines()
        .map(|it| serde_json::from_str::<serde_json::Value>(it).unwrap())
        .map(|it| (it["section"].clone(), it["outcome"].clone(), it["completed"].clone()))
        .collect();
    sections.sort_by_key(|it| it.0.to_string());
    assert_eq!(
        sections,
        [
            (json!("greetings"), json!("stopped"), json!({ "greet": 1 })),
            (json!("waiting"), json!("stopped"), json!({}))
        ]
    );
}

#[tokio::test]
async fn running_jobs_have_the_grace_and_then_are_given_back_with_their_attempt() {
    let folder = Folder::with(&format!("{TWO}grace = '200ms'\n").replace("['greet']", "['wait', 'greet']"));
    let id = folder.enqueue("wait", json!({ "stubborn": true }), |it| it).await;
    let mut worker = folder.start("run-jobs greetings --worker");
    worker.says("INFO    waiting");
    worker.signal("TERM");
    let ended = worker.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(status(&folder, id).await, (JobStatus::Waiting, 0));
}

#[tokio::test]
async fn a_second_signal_gives_them_back_at_once() {
    let folder = Folder::with("[section.waiting]\ntypes = ['wait']\ngrace = '1h'\n");
    let id = folder.enqueue("wait", json!({ "stubborn": true }), |it| it).await;
    let mut worker = folder.start("run-jobs waiting --worker");
    worker.says("INFO    waiting");
    worker.signal("TERM");
    worker.says("WARN    Stopping.");
    worker.signal("TERM");
    let ended = worker.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(status(&folder, id).await, (JobStatus::Waiting, 0));
}

#[tokio::test]
async fn a_disabled_section_is_worked_on_once_it_is_enabled() {
    let folder = Folder::with(&format!("{TWO}scan = '100ms'\npoll = '100ms'\n"));
    folder.store().await;
    assert_eq!(folder.run("sections disable greetings").code, Some(0));
    let id = folder.greet("Ada").await;
    let mut worker = folder.start("run-jobs greetings --worker");
    worker.says("disabled");
    assert_eq!(status(&folder, id).await, (JobStatus::Waiting, 0));
    assert_eq!(folder.run("sections enable greetings").code, Some(0));
    worker.says("INFO    hello Ada");
    worker.signal("TERM");
    assert_eq!(worker.ended().code, Some(0));
}

#[tokio::test]
async fn when_one_section_cannot_be_set_up_none_is_begun() {
    let folder = Folder::with(&format!("{TWO}[section.bad]\ntypes = ['greet']\nrole = 'nobody'\n"));
    let id = folder.greet("Ada").await;
    let ended = folder.run("run-jobs greetings bad --worker");
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.ends_with("because: there is no role `nobody`\n"), "{}", ended.err);
    assert_eq!(status(&folder, id).await, (JobStatus::Waiting, 0));
}

#[tokio::test]
async fn any_number_of_workers_share_a_section_and_a_script_may_run_beside_them() {
    let folder = Folder::with(TWO);
    let mut workers: Vec<_> = (0..2).map(|_| folder.start("run-jobs greetings --worker")).collect();
    for worker in &mut workers {
        worker.says("Working on section greetings.");
    }
    let script = folder.run("run-jobs greetings");
    assert_eq!(script.code, Some(0), "{}", script.err);
    for worker in workers {
        worker.signal("TERM");
        assert_eq!(worker.ended().code, Some(0));
    }
}

//! A stop is heeded wherever a run is just then, whatever the store, hooks and reporters do.

use crate::{
    play::{Act, Play},
    scribe::{Said, Scribe},
    stage::{Stage, Told, count},
    unsteady::{Fault, Unsteady},
};
use async_trait::async_trait;
use job_core::{
    Attempt, BoxError, JobStatus, LogLevel, RunnableJob, SectionName,
    store::{Claim, JobStore},
};
use job_runner::{ErrorReport, Hooks, Reporter, RunReport, ScriptError, Worker};
use job_testing::factory::{claim, noon};
use serde::{Deserialize, Serialize};
use std::{future::pending, sync::Arc, time::Duration};
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

const SECOND: Duration = Duration::from_secs(1);

fn unsteady() -> (Stage, Unsteady) {
    let stage = Stage::new();
    let store = Unsteady::new(&stage.store);
    (stage.through(store.opened()), store)
}

fn held() -> Fault {
    Fault::Held(Arc::new(Semaphore::new(0)))
}

/// Answers nowhere, but where it is told to.
#[derive(Debug)]
struct Mute {
    enters: bool,
}

#[async_trait]
impl Hooks for Mute {
    async fn enter_section(&self, _: &SectionName) -> Result<(), BoxError> {
        if self.enters { Ok(()) } else { pending().await }
    }

    async fn leave_section(&self, _: &SectionName, _: &RunReport) -> Result<(), BoxError> {
        pending().await
    }
}

#[async_trait]
impl Reporter for Mute {
    async fn report(&self, _: &ErrorReport) -> Result<(), BoxError> {
        pending().await
    }
}

/// Logs, and waits until it is told to stop.
#[derive(Deserialize, Serialize)]
struct Logs;

impl RunnableJob<Stage> for Logs {
    const TYPE: &'static str = "logs";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Stage>) -> Result<(), BoxError> {
        attempt.context.pass("logs").await?;
        attempt.log(LogLevel::Info, "on and on");
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_script_that_waits_for_its_store_ends_at_once_when_everything_is_to_be_released() {
    for method in ["now", "switches", "lock", "lapsed", "list"] {
        let (stage, store) = unsteady();
        store.always(method, held());
        let release = CancellationToken::new();
        let run = stage.start(stage.script().release_token(release.clone()));
        sleep(SECOND).await;
        assert_eq!(store.calls(method), 1, "{method}");
        release.cancel();
        let error = timeout(2 * SECOND, run).await.expect(method).unwrap().unwrap_err();
        assert!(matches!(error, ScriptError::Store { .. }), "{method}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_waits_for_its_store_ends_soon_after_it_is_told_to_stop() {
    for method in ["now", "switches"] {
        let (stage, store) = unsteady();
        store.always(method, held());
        let run = stage.start_worker(stage.worker());
        sleep(SECOND).await;
        stage.stop.cancel();
        assert!(timeout(3 * SECOND, run).await.expect(method).unwrap().unwrap().is_idle(), "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_does_not_answer_holds_no_stop_up_and_those_that_were_entered_are_left() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Succeed)).await;
    let said = Said::default();
    let (good, mute) = (Arc::new(Scribe("good", said.clone())), Arc::new(Mute { enters: false }));
    let script = stage.start(stage.script().hooks(good.clone()).hooks(mute.clone()));
    let worker = stage.start_worker(stage.worker().hooks(good).hooks(mute));
    sleep(SECOND).await;
    stage.stop.cancel();
    assert!(timeout(3 * SECOND, script).await.unwrap().unwrap().unwrap().is_idle());
    assert!(timeout(3 * SECOND, worker).await.unwrap().unwrap().unwrap().is_idle());
    let said = said.lock().clone();
    assert_eq!(said[..2], ["good enters test"; 2]);
    assert_eq!(said[2..], ["good leaves test after 0"; 2]);
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Waiting);
}

#[tokio::test(start_paused = true)]
async fn handlers_are_told_although_the_worker_waits_for_its_store() {
    let (stage, store) = unsteady();
    stage.source().create(&Logs).await.unwrap();
    stage.create(Play::new("it", Act::Work(3600))).await;
    let registry = Stage::registry().register::<Logs>();
    let worker = Worker::new(stage.opened.clone(), registry, stage.clone(), Stage::settings()).unwrap();
    let worker = worker.place(job_runner::Place::Here).stop_token(stage.stop.clone());
    let run = stage.start_worker(worker);
    stage.here("logs").await;
    store.always("append", held());
    stage.let_go("logs");
    sleep(SECOND).await;
    assert_eq!((store.calls("append"), stage.lives.now()), (1, 1));
    stage.stop.cancel();
    sleep(SECOND).await;
    assert_eq!(stage.lives.now(), 0);
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn hooks_and_reporters_that_do_not_answer_keep_a_worker_for_a_few_seconds_more_than_its_grace() {
    let stage = Stage::new();
    let job = stage.create_last(Play::new("it", Act::Fail("no".to_owned()))).await;
    let (told, mute) = (Arc::new(Mute { enters: true }), Arc::new(Mute { enters: true }));
    let run = stage.start_worker(stage.worker().reporter(told).hooks(mute));
    sleep(SECOND).await;
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Failed);
    stage.stop.cancel();
    let report = timeout(14 * SECOND, run).await.unwrap().unwrap().unwrap();
    assert_eq!(count(&report.incomplete, "usual"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_rescued_when_the_stop_came_is_reported_all_the_same() {
    let (stage, store) = unsteady();
    let job = stage.create_last(Play::new("it", Act::Succeed)).await;
    let died = Claim { types: vec![job.spec.type_name.clone()], ..claim(stage.opened.clock) };
    assert_eq!(stage.store.claim(&died).await.unwrap().jobs.len(), 1);
    stage.store.set_now(noon() + died.lease);
    let replies = Arc::new(Semaphore::new(0));
    store.always("apply", Fault::ReplyHeld(replies.clone()));
    let run = stage.start_worker(stage.worker());
    sleep(SECOND).await;
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Failed);
    stage.stop.cancel();
    sleep(SECOND / 10).await;
    replies.add_permits(1);
    assert_eq!(run.await.unwrap().unwrap().rescued, 1);
    let Told { reports, operators, .. } = &stage.told;
    assert_eq!((reports.lock().len(), operators.lock().len()), (1, 1));
}

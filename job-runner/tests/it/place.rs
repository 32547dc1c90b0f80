//! The place of production: handlers on threads of their own, the heart on another with its own handle of the store.

use crate::{
    play::{Act, Play},
    stage::{Stage, count},
    unsteady::Unsteady,
};
use async_trait::async_trait;
use job_core::{
    JobStatus,
    store::{OpenError, Opened, Reopen, StoreError},
};
use job_runner::{Place, RunReport, ScriptError, SectionSettings, WorkerError};
use job_testing::factory::limit;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::task::{JoinHandle, yield_now};

/// Opens the store again once it has been away for some tries. Or panics.
#[derive(Debug)]
struct Late {
    store: Unsteady,
    away: AtomicU32,
    panics: bool,
}

#[async_trait]
impl Reopen for Late {
    async fn reopen(&self) -> Result<Opened, OpenError> {
        assert!(!self.panics, "no store today");
        let left = self.away.load(SeqCst);
        if left == 0 {
            return Ok(self.store.opened());
        }
        self.away.store(left - 1, SeqCst);
        let source = StoreError::Unavailable("too many clients".into()).into();
        Err(OpenError { url: "memory:".to_owned(), advice: "wait a little".to_owned(), source })
    }
}

type Run = JoinHandle<Result<RunReport, WorkerError>>;

/// A worker with a job to do, whose heart opens its store so.
async fn worker_with(away: u32, panics: bool) -> (Stage, Arc<Late>, Run) {
    let (stage, store) = Stage::unsteady();
    stage.create(Play::new("it", Act::Succeed)).await;
    let late = Arc::new(Late { store, away: AtomicU32::new(away), panics });
    let stage = stage.through(Opened { again: Some(late.clone()), ..stage.opened.clone() });
    let run = stage.start_worker(stage.worker().place(Place::Threads));
    (stage, late, run)
}

/// Opens the store with faults, as the heart's own handle; or nothing.
#[derive(Debug)]
struct OpensFor(Option<Unsteady>);

/// The stage, where a heart has this for its own handle of the store; or cannot have any.
pub(crate) fn with_heart_on(own: Option<Unsteady>, stage: &Stage) -> Stage {
    stage.through(Opened { again: Some(Arc::new(OpensFor(own))), ..stage.opened.clone() })
}

#[async_trait]
impl Reopen for OpensFor {
    async fn reopen(&self) -> Result<Opened, OpenError> {
        self.0.as_ref().map(Unsteady::opened).ok_or_else(|| OpenError {
            url: "memory:".to_owned(),
            advice: "there is nothing to open".to_owned(),
            source: "nothing".into(),
        })
    }
}

fn quick_beats() -> SectionSettings {
    SectionSettings {
        concurrency: limit(2),
        lease: Duration::from_secs(5),
        beat: Duration::from_millis(10),
        ..Stage::settings()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_slot_spinning_leases_are_still_renewed_by_the_hearts_own_handle() {
    let stage = Stage::new();
    let own = Unsteady::new(&stage.store);
    let stage = with_heart_on(Some(own.clone()), &stage);
    for label in ["first", "second"] {
        stage.create(Play::new(label, Act::Spin)).await;
    }
    let run = stage.start(stage.script_with(quick_beats()).place(Place::Threads));
    stage.here("first").await;
    stage.here("second").await;
    let beats = own.calls("renew");
    while own.calls("renew") < beats + 3 {
        yield_now().await;
    }
    stage.freed.store(true, SeqCst);
    let report = run.await.unwrap().unwrap();
    assert_eq!((count(&report.completed, "usual"), report.stale, report.zombies), (2, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heart_that_cannot_open_its_store_runs_nothing_and_leaves_the_section_free() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Succeed)).await;
    let script = with_heart_on(None, &stage).script_with(quick_beats()).place(Place::Threads);
    let error = script.run().await.unwrap_err();
    assert!(matches!(error, ScriptError::Open(_)), "{error}");
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Waiting);
    assert_eq!(count(&stage.run().await.completed, "usual"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heart_whose_store_is_away_waits_for_it_and_a_stop_does_not() {
    let (stage, _, run) = worker_with(2, false).await;
    while stage.ran().is_empty() {
        yield_now().await;
    }
    stage.stop.cancel();
    assert_eq!(count(&run.await.unwrap().unwrap().completed, "usual"), 1);

    let (stage, late, run) = worker_with(u32::MAX, false).await;
    while late.away.load(SeqCst) == u32::MAX {
        yield_now().await;
    }
    stage.stop.cancel();
    assert!(run.await.unwrap().unwrap().is_idle());
    assert!(stage.ran().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_heart_cannot_be_opened_for_a_panic_runs_nothing() {
    let (stage, _, run) = worker_with(0, true).await;
    let error = run.await.unwrap().unwrap_err();
    let WorkerError::Open(error) = error else { panic!("{error}") };
    assert_eq!(error.source.to_string(), "no store today");
    assert!(stage.ran().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_jobs_on_threads_complete_each_once() {
    let stage = Stage::new();
    for n in 0..1000 {
        stage.create(Play::new(&n.to_string(), Act::Succeed)).await;
    }
    let settings = SectionSettings { concurrency: limit(100), ..Stage::settings() };
    let report = stage.script_with(settings).place(Place::Threads).run().await.unwrap();
    assert_eq!(count(&report.completed, "usual"), 1000);
    let mut ran = stage.ran();
    ran.sort();
    ran.dedup();
    assert_eq!(ran.len(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_handlers_block_or_spin_those_beside_them_stay_on_time() {
    let stage = Stage::new();
    let settings = SectionSettings { concurrency: limit(300), ..Stage::settings() };
    let run = stage.start_worker(stage.worker_with(settings).place(Place::Threads));
    let began_before = stage.create(Play::new("before", Act::Wait)).await;
    stage.here("before").await;
    let hold = |n: u32| Play::new(&n.to_string(), if n < 4 { Act::Spin } else { Act::Block });
    for n in 0..290 {
        stage.create(hold(n)).await;
    }
    for n in 0..290 {
        stage.here(&n.to_string()).await;
    }
    stage.let_go("before");
    let begins_after = stage.create(Play::new("after", Act::Work(1))).await;
    stage.completed(began_before.id).await;
    stage.completed(begins_after.id).await;
    stage.freed.store(true, SeqCst);
    stage.stop.cancel();
    let report = run.await.unwrap().unwrap();
    assert_eq!((count(&report.completed, "usual"), report.stale, report.zombies), (292, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_that_need_no_thread_each_share_as_many_as_the_section_says() {
    let stage = Stage::new();
    let settings = SectionSettings { concurrency: limit(300), threads: Some(limit(1)), ..Stage::settings() };
    for n in 0..300 {
        stage.create(Play::new(&n.to_string(), Act::Wait)).await;
    }
    let run = stage.start(stage.script_with(settings).place(Place::Threads));
    for n in 0..300 {
        stage.here(&n.to_string()).await;
    }
    (0..300).for_each(|n| stage.let_go(&n.to_string()));
    assert_eq!(count(&run.await.unwrap().unwrap().completed, "usual"), 300);
}

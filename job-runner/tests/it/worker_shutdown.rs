//! Told to stop, a worker ends within its grace, or at once, and no job waits for a lease.

use crate::{
    play::{Act, Play},
    stage::{SECOND, Stage, count},
    unsteady::Fault,
};
use job_core::{
    Job, JobStatus, NoteFilter, NoteKind, RunNote,
    store::{JobStore, Notes},
};
use job_runner::{SectionSettings, WorkerError};
use job_testing::factory::limit;
use std::sync::Arc;
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

fn two() -> SectionSettings {
    SectionSettings { concurrency: limit(2), prefetch: Some(3), ..Stage::settings() }
}

/// Six jobs, of which two run and three more are claimed.
async fn busy(stage: &Stage, act: Act) -> Vec<Job> {
    let mut jobs = Vec::new();
    for n in 0..6 {
        jobs.push(stage.create(Play::new(&n.to_string(), act.clone())).await);
    }
    jobs
}

async fn waiting_unstarted(stage: &Stage, job: &Job) -> bool {
    let state = stage.row(job.id).await.state;
    state.status() == JobStatus::Waiting && state.attempt_count() == 0
}

#[tokio::test(start_paused = true)]
async fn running_jobs_may_end_within_the_grace_and_the_rest_is_given_back_at_once() {
    let stage = Stage::new();
    let jobs = busy(&stage, Act::Wait).await;
    let run = stage.start_worker(stage.worker_with(two()));
    stage.here("0").await;
    stage.here("1").await;
    assert_eq!(stage.row(jobs[4].id).await.state.status(), JobStatus::Running);
    stage.stop.cancel();
    sleep(SECOND).await;
    for job in &jobs[2..] {
        assert!(waiting_unstarted(&stage, job).await);
    }
    stage.let_go("0");
    sleep(31 * SECOND).await;
    let report = run.await.unwrap().unwrap();
    assert_eq!((count(&report.completed, "usual"), report.zombies), (1, 1));
    assert!(waiting_unstarted(&stage, &jobs[1]).await);
    assert_eq!(stage.ran(), ["0", "1"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_gives_everything_back_at_once() {
    let stage = Stage::new();
    let jobs = busy(&stage, Act::Hang).await;
    let release = CancellationToken::new();
    let run = stage.start_worker(stage.worker_with(two()).release_token(release.clone()));
    sleep(SECOND).await;
    stage.stop.cancel();
    sleep(SECOND).await;
    assert!(!run.is_finished());
    release.cancel();
    timeout(SECOND, run).await.unwrap().unwrap().unwrap();
    for job in &jobs {
        assert!(waiting_unstarted(&stage, job).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_holds_nobody_up() {
    for release in [false, true] {
        let (stage, store) = Stage::unsteady();
        stage.create(Play::new("it", Act::Heed)).await;
        let token = CancellationToken::new();
        let run = stage.start_worker(stage.worker_with(two()).release_token(token.clone()));
        stage.here("it").await;
        for method in ["claim", "apply", "exchange", "renew", "append", "switches"] {
            store.always(method, Fault::Held(Arc::new(Semaphore::new(0))));
        }
        sleep(5 * SECOND).await;
        stage.stop.cancel();
        if release {
            token.cancel();
        }
        let most = if release { 2 * SECOND } else { 33 * SECOND };
        let error = timeout(most, run).await.unwrap().unwrap().unwrap_err();
        assert!(matches!(error, WorkerError::Store { .. }), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_was_told_to_stop_before_it_began_starts_nothing() {
    let stage = Stage::new();
    let jobs = busy(&stage, Act::Succeed).await;
    stage.stop.cancel();
    assert!(stage.worker().run().await.unwrap().is_idle());
    assert!(waiting_unstarted(&stage, &jobs[0]).await);
}

#[tokio::test(start_paused = true)]
async fn a_run_leaves_a_record_with_its_counts() {
    let stage = Stage::new();
    stage.create(Play::new("good", Act::Succeed)).await;
    stage.create(Play::new("bad", Act::Fail("no".to_owned()))).await;
    let run = stage.start_worker(stage.worker());
    sleep(SECOND).await;
    stage.stop.cancel();
    run.await.unwrap().unwrap();
    let filter = NoteFilter { kind: Some(NoteKind::Run), ..NoteFilter::default() };
    let notes = stage.store.notes(&filter, limit(10)).await.unwrap();
    let body: RunNote = notes[0].note.body.decode().unwrap();
    assert_eq!((count(&body.completed, "usual"), count(&body.incomplete, "usual")), (1, 1));
    assert!(stage.store.lapsed(None, limit(10), stage.opened.clock).await.unwrap().is_empty());
}

//! A job that a worker claims again while an older handler of its own still runs.

use crate::{
    play::{Act, Play},
    stage::{Stage, count},
};
use job_core::{
    ActorId, Job, JobStatus,
    store::{JobStoreExt, Operation},
};
use job_runner::SectionSettings;
use job_testing::factory::limit;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

const SECOND: Duration = Duration::from_secs(1);

fn two_slots() -> SectionSettings {
    SectionSettings { concurrency: limit(2), prefetch: Some(0), ..Stage::settings() }
}

/// An operator takes the job from whoever runs it, and has it wait again.
async fn take_and_give_back(stage: &Stage, job: &Job) {
    let operator = ActorId::from_uuid(Uuid::from_u128(7));
    for operation in [Operation::Suspend("look at it".into()), Operation::Resume] {
        stage.store.operate(job.id, operation, operator, stage.opened.clock).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_older_handler_lets_go_of_nothing_but_itself() {
    let stage = Stage::new();
    stage.let_time_flow();
    let job = stage.create(Play::new("it", Act::Wait)).await;
    let run = stage.start_worker(stage.worker_with(two_slots()));
    stage.here("it").await;
    take_and_give_back(&stage, &job).await;
    stage.here("it").await;
    // The one that came first goes first.
    stage.let_go("it");
    // Three leases long: the newer one is renewed, and nobody thinks that it died.
    sleep(90 * SECOND).await;
    assert_eq!(stage.ran().len(), 2);
    let held = stage.row(job.id).await.state;
    assert_eq!((held.status(), held.attempt_count(), held.crash_count()), (JobStatus::Running, 1, 0));
    stage.let_go("it");
    sleep(SECOND).await;
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Completed);
    stage.stop.cancel();
    let report = run.await.unwrap().unwrap();
    assert_eq!((count(&report.completed, "usual"), report.stale, report.rescued), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_older_handler_is_told_at_once() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Work(3600))).await;
    let run = stage.start_worker(stage.worker_with(two_slots()));
    sleep(SECOND).await;
    take_and_give_back(&stage, &job).await;
    // Long before the next beat.
    sleep(2 * SECOND).await;
    assert_eq!((stage.ran().len(), stage.lives.now()), (2, 1));
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Running);
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn the_older_handler_keeps_its_slot_until_it_ends_or_its_time_is_up() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Wait)).await;
    let run = stage.start_worker(stage.worker_with(two_slots()));
    stage.here("it").await;
    take_and_give_back(&stage, &job).await;
    stage.here("it").await;
    let next = stage.create(Play::new("next", Act::Wait)).await;
    sleep(20 * SECOND).await;
    assert_eq!(stage.row(next.id).await.state.status(), JobStatus::Waiting);
    stage.let_go("it");
    timeout(SECOND, stage.here("next")).await.unwrap();
    run.abort();
}

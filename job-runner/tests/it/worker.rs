//! A worker runs what falls due, as it falls due, until it is told to stop.

use crate::{
    play::{Act, Play},
    stage::{SECOND, Stage, count},
};
use job_core::{
    JobStatus, Options, Start,
    store::{Switch, Switches},
};
use job_testing::factory::named;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

#[tokio::test(start_paused = true)]
async fn a_job_is_started_at_once_when_the_store_wakes_and_within_a_poll_when_it_falls_due() {
    let stage = Stage::new();
    stage.let_time_flow();
    let run = stage.start_worker(stage.worker());
    sleep(10 * SECOND).await;
    stage.create(Play::new("now", Act::Wait)).await;
    timeout(Duration::from_millis(20), stage.here("now")).await.unwrap();
    stage.let_go("now");

    let soon = Options { start: Start::In(Duration::from_millis(300)), ..Options::default() };
    stage.create_with(Play::new("soon", Act::Wait), &soon).await;
    sleep(Duration::from_millis(200)).await;
    assert_eq!(stage.ran(), ["now"]);
    timeout(Duration::from_millis(1200), stage.here("soon")).await.unwrap();
    stage.let_go("soon");
    sleep(SECOND).await;
    stage.stop.cancel();
    let report = run.await.unwrap().unwrap();
    assert_eq!(count(&report.completed, "usual"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_retry_runs_again_once_its_delay_is_over() {
    let stage = Stage::new();
    stage.let_time_flow();
    let job = stage.create(Play::new("it", Act::Fail("no".to_owned()))).await;
    let run = stage.start_worker(stage.worker());
    sleep(59 * SECOND).await;
    assert_eq!(stage.ran().len(), 1);
    sleep(3 * SECOND).await;
    assert_eq!(stage.ran().len(), 2);
    assert_eq!(stage.row(job.id).await.state.attempt_count(), 2);
    stage.stop.cancel();
    assert_eq!(count(&run.await.unwrap().unwrap().incomplete, "usual"), 2);
}

#[tokio::test(start_paused = true)]
async fn it_is_ready_once_it_has_looked() {
    let stage = Stage::new();
    let ready = CancellationToken::new();
    let run = stage.start_worker(stage.worker().ready_token(ready.clone()));
    ready.cancelled().await;
    stage.stop.cancel();
    assert!(run.await.unwrap().unwrap().is_idle());
}

#[tokio::test(start_paused = true)]
async fn a_disabled_section_is_left_alone_and_taken_up_again_when_it_is_enabled() {
    let stage = Stage::new();
    let disabled = Switch::DisableSection(named("test"));
    stage.store.set(&disabled, true).await.unwrap();
    let first = stage.create(Play::new("first", Act::Succeed)).await;
    let ready = CancellationToken::new();
    let run = stage.start_worker(stage.worker().ready_token(ready.clone()));
    ready.cancelled().await;
    sleep(60 * SECOND).await;
    assert!(stage.ran().is_empty());
    stage.store.set(&disabled, false).await.unwrap();
    sleep(6 * SECOND).await;
    assert_eq!(stage.row(first.id).await.state.status(), JobStatus::Completed);
    // Disabled while it runs.
    stage.store.set(&disabled, true).await.unwrap();
    sleep(6 * SECOND).await;
    stage.create(Play::new("second", Act::Succeed)).await;
    sleep(60 * SECOND).await;
    assert_eq!(stage.ran(), ["first"]);
    stage.stop.cancel();
    run.await.unwrap().unwrap();
}

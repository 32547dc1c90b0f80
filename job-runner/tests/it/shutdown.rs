//! Told to stop, a script claims nothing more, lets handlers end within the grace, and gives the rest back.

use crate::{
    lines::Lines,
    play::{Act, Play},
    stage::{Stage, count},
    unsteady::Fault,
};
use job_core::JobStatus;
use job_runner::{Place, SectionSettings};
use job_testing::factory::{limit, noon};
use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

fn one() -> SectionSettings {
    SectionSettings { concurrency: limit(1), ..Stage::settings() }
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_end_within_the_grace_and_nothing_more_is_claimed() {
    let stage = Stage::new();
    let first = stage.create(Play::new("first", Act::Wait)).await;
    let second = stage.create(Play::new("second", Act::Succeed)).await;
    let run = stage.start(stage.script_with(one()));
    stage.here("first").await;
    stage.stop.cancel();
    tokio::time::sleep(Duration::from_secs(29)).await;
    stage.let_go("first");
    let report = run.await.unwrap().unwrap();
    assert_eq!(count(&report.completed, "usual"), 1);
    assert_eq!(stage.row(first.id).await.state.status(), JobStatus::Completed);
    assert_eq!(stage.row(second.id).await.state.status(), JobStatus::Waiting);
}

#[tokio::test(start_paused = true)]
async fn after_the_grace_the_rest_is_given_back_at_its_place_and_due_at_once() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Hang)).await;
    let settings = SectionSettings { grace: Duration::from_secs(3), ..one() };
    let run = stage.start(stage.script_with(settings));
    while stage.ran().is_empty() {
        tokio::task::yield_now().await;
    }
    stage.stop.cancel();
    let report = run.await.unwrap().unwrap();
    assert_eq!((count(&report.incomplete, "usual"), report.zombies), (1, 1));
    let state = stage.row(job.id).await.state;
    assert_eq!((state.status(), state.attempt_count()), (JobStatus::Waiting, 0));
    assert_eq!(state.scheduled_start(), noon());
    assert!(stage.attempts(job.id).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_heeds_the_stop_gets_its_attempt_back() {
    let stage = Stage::new();
    let job = stage.create_last(Play::new("it", Act::Heed)).await;
    let run = stage.start(stage.script());
    stage.here("it").await;
    stage.stop.cancel();
    let report = run.await.unwrap().unwrap();
    assert_eq!(report.zombies, 0);
    let state = stage.row(job.id).await.state;
    assert_eq!((state.status(), state.attempt_count()), (JobStatus::Waiting, 0));
    assert!(stage.told.reports.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_a_claim_brings_after_the_stop_is_given_back_unstarted() {
    let (stage, store) = Stage::unsteady();
    let permits = Arc::new(Semaphore::new(0));
    store.next("claim", [Fault::Held(permits.clone())]);
    let job = stage.create(Play::new("it", Act::Succeed)).await;
    let run = stage.start(stage.script());
    while store.calls("claim") == 0 {
        tokio::task::yield_now().await;
    }
    let lines = Lines::keep();
    stage.stop.cancel();
    permits.add_permits(1);
    run.await.unwrap().unwrap();
    assert!(stage.ran().is_empty() && lines.with("Running usual job").is_empty());
    let state = stage.row(job.id).await.state;
    assert_eq!((state.status(), state.attempt_count()), (JobStatus::Waiting, 0));
}

/// In real time, as paused time jumps over every wait, also over one that is too long.
#[tokio::test]
async fn without_any_grace_everything_is_given_back_at_once() {
    for grace in [Duration::ZERO, Duration::from_millis(1)] {
        let stage = Stage::new();
        let job = stage.create(Play::new("it", Act::Wait)).await;
        let settings = SectionSettings { grace, ..Stage::settings() };
        let run = stage.start(stage.script_with(settings));
        stage.here("it").await;
        stage.stop.cancel();
        tokio::time::timeout(Duration::from_secs(30), run).await.unwrap().unwrap().unwrap();
        assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Waiting);
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_ends_the_grace() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Wait)).await;
    let release = CancellationToken::new();
    let run = stage.start(stage.script().release_token(release.clone()));
    stage.here("it").await;
    stage.stop.cancel();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!run.is_finished());
    release.cancel();
    tokio::time::timeout(Duration::from_secs(1), run).await.unwrap().unwrap().unwrap();
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Waiting);
}

#[tokio::test(start_paused = true)]
async fn the_key_of_a_job_that_is_given_back_may_be_taken_by_then() {
    let stage = Stage::new();
    let first = stage.create(Play::new("first", Act::Hang).keyed("k")).await;
    let run = stage.start(stage.script());
    while stage.ran().is_empty() {
        tokio::task::yield_now().await;
    }
    let second = stage.create(Play::new("second", Act::Succeed).keyed("k")).await;
    stage.stop.cancel();
    run.await.unwrap().unwrap();
    // The one that waits will do the work.
    let state = stage.row(first.id).await.state;
    assert_eq!((state.status(), state.superseded_by()), (JobStatus::Cancelled, Some(second.id)));
    assert_eq!(stage.row(second.id).await.state.status(), JobStatus::Waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_spins_does_not_hold_up_the_end() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Spin)).await;
    let settings = SectionSettings { grace: Duration::from_millis(50), ..one() };
    let run = stage.start(stage.script_with(settings).place(Place::Threads));
    stage.here("it").await;
    stage.stop.cancel();
    let report = run.await.unwrap().unwrap();
    assert_eq!(report.zombies, 1);
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Waiting);
    stage.freed.store(true, SeqCst);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_takes_its_heart_with_it() {
    let (stage, store) = Stage::unsteady();
    stage.create(Play::new("it", Act::Hang)).await;
    let run = stage.start(stage.script());
    tokio::time::sleep(Duration::from_secs(25)).await;
    let beats = store.calls("renew");
    assert!(beats > 0);
    run.abort();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(store.calls("renew"), beats);
}

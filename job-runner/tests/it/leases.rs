//! Leases: renewed while a handler runs, told when lost, in doubt when the store is away.

use crate::{
    play::{Act, Play},
    stage::{SECOND, Stage, count},
    unsteady::Fault,
};
use job_core::{
    ActorId, JobStatus,
    store::{JobStoreExt, Operation},
};
use job_runner::{LeaseDoubt, SectionSettings};
use job_testing::factory::noon;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::sleep};
use uuid::Uuid;

fn operator() -> ActorId {
    ActorId::from_uuid(Uuid::from_u128(7))
}

#[tokio::test(start_paused = true)]
async fn the_lease_of_a_long_run_is_renewed() {
    let stage = Stage::new();
    stage.let_time_flow();
    let job = stage.create(Play::new("it", Act::Wait)).await;
    let run = stage.start(stage.script());
    stage.here("it").await;
    // Four leases long.
    sleep(120 * SECOND).await;
    let now = stage.store.time(stage.opened.clock).await.unwrap();
    assert!(!stage.row(job.id).await.state.has_lapsed(now));
    stage.let_go("it");
    let report = run.await.unwrap().unwrap();
    assert_eq!((count(&report.completed, "usual"), report.stale), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_tells_its_handler_at_the_next_beat_and_what_it_does_then_is_stale() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Heed)).await;
    let run = stage.start(stage.script());
    stage.here("it").await;
    let cancel = Operation::Cancel("not needed".into());
    stage.store.operate(job.id, cancel, operator(), stage.opened.clock).await.unwrap();
    sleep(Duration::from_millis(9_900)).await;
    assert!(!run.is_finished());
    sleep(Duration::from_millis(200)).await;
    assert!(run.is_finished());
    let report = run.await.unwrap().unwrap();
    assert_eq!((count(&report.incomplete, "usual"), report.stale), (1, 1));
    let row = stage.row(job.id).await.state;
    assert_eq!((row.status(), row.reason().unwrap().as_str()), (JobStatus::Cancelled, "not needed"));
    // Its end is nobody's failure.
    assert!(stage.attempts(job.id).await.is_empty());
    assert!(stage.told.reports.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_rescued_elsewhere_cannot_be_changed_by_its_late_runner() {
    let (stage, store) = Stage::unsteady();
    let job = stage.create(Play::new("it", Act::WaitAndFail)).await;
    let run = stage.start(stage.script());
    stage.here("it").await;
    // Silent for longer than a lease: somebody else rescues and claims it.
    for method in ["renew", "lock"] {
        store.always(method, Fault::Away);
    }
    stage.store.set_now(noon() + 31 * SECOND);
    let elsewhere = Stage::on(stage.store.clone(), stage.store.opened());
    let settings = SectionSettings { name: "other".parse().unwrap(), ..Stage::settings() };
    let other = elsewhere.start(elsewhere.script_with(settings));
    elsewhere.here("it").await;
    let held = stage.row(job.id).await.state;
    assert_eq!((held.attempt_count(), held.crash_count()), (2, 1));
    stage.let_go("it");
    let _ = run.await.unwrap();
    assert_eq!(stage.row(job.id).await.state, held);
    elsewhere.let_go("it");
    let report = other.await.unwrap().unwrap();
    assert_eq!((report.rescued, count(&report.incomplete, "usual")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_cannot_be_renewed_is_in_doubt_a_fifth_before_its_end() {
    let (stage, store) = Stage::unsteady();
    stage.create(Play::new("it", Act::Heed)).await;
    for method in ["renew", "lock"] {
        store.next(method, [Fault::None]);
        store.always(method, Fault::Away);
    }
    store.next("lock", [Fault::None]);
    store.next("renew", [Fault::Away]);
    let run = stage.start(stage.script());
    stage.here("it").await;
    // The beat at 10 s renews the lease until 40 s, by the runner's own reckoning until 34 s.
    sleep(Duration::from_millis(33_900)).await;
    assert!(!run.is_finished());
    assert_eq!(stage.ran(), ["it"]);
    sleep(Duration::from_millis(200)).await;
    // It heeded its token; its end was still taken, as nobody took the job.
    assert_eq!(store.calls("exchange") + store.calls("apply"), 1);
    let error = run.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("lost its lock"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_does_not_hide_that_the_lease_is_in_doubt() {
    let (stage, store) = Stage::unsteady();
    stage.create(Play::new("it", Act::Heed)).await;
    let never = Arc::new(Semaphore::new(0));
    store.always("renew", Fault::Held(never));
    let run = stage.start(stage.script());
    stage.here("it").await;
    sleep(Duration::from_millis(23_900)).await;
    assert_eq!(store.calls("exchange") + store.calls("apply"), 0);
    sleep(Duration::from_millis(200)).await;
    assert_eq!(store.calls("exchange") + store.calls("apply"), 1);
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn who_carries_on_is_not_told_while_the_store_is_away() {
    let (stage, store) = Stage::unsteady();
    let job = stage.create(Play::new("it", Act::Heed)).await;
    let settings = SectionSettings { lease_doubt: LeaseDoubt::CarryOn, ..Stage::settings() };
    for method in ["renew", "lock"] {
        store.next(method, [Fault::None]);
        store.always(method, Fault::Away);
    }
    let run = stage.start(stage.script_with(settings));
    stage.here("it").await;
    sleep(300 * SECOND - 5 * SECOND).await;
    assert!(!run.is_finished());
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Running);
    // Its own time limit still counts.
    sleep(10 * SECOND).await;
    assert_eq!(stage.attempts(job.id).await[0].outcome, "time-out");
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_locked_just_now_is_neither_lost_nor_extended() {
    let (stage, store) = Stage::unsteady();
    stage.create(Play::new("it", Act::Heed)).await;
    store.next("renew", [Fault::Busy]);
    let run = stage.start(stage.script());
    stage.here("it").await;
    // The first beat found it locked, the second renewed it: it lives on past the first lease.
    sleep(40 * SECOND).await;
    assert!(!run.is_finished());
    stage.stop.cancel();
    let report = run.await.unwrap().unwrap();
    assert_eq!(report.stale, 0);
}

#[tokio::test(start_paused = true)]
async fn a_late_change_counts_if_nobody_took_the_job() {
    let (stage, store) = Stage::unsteady();
    let job = stage.create(Play::new("it", Act::Wait)).await;
    for method in ["renew", "lock"] {
        store.next(method, [Fault::None]);
        store.always(method, Fault::Away);
    }
    let run = stage.start(stage.script());
    stage.here("it").await;
    sleep(60 * SECOND).await;
    stage.store.set_now(noon() + 60 * SECOND);
    let row = stage.row(job.id).await;
    assert!(row.state.has_lapsed(noon() + 60 * SECOND));
    stage.let_go("it");
    let _ = run.await.unwrap();
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Completed);
}

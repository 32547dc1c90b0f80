//! Handlers that outlive their time: settled, replaced up to a bound, and loudly complained of beyond it.

use crate::{
    lines::Lines,
    play::{Act, Brief, Play},
    stage::{SECOND, Stage, count},
    unsteady::Fault,
};
use job_core::JobStatus;
use job_runner::SectionSettings;
use job_testing::factory::limit;
use std::sync::Arc;
use tokio::{sync::Semaphore, time::sleep};

fn two_and_one() -> SectionSettings {
    SectionSettings { concurrency: limit(2), prefetch: Some(0), zombie_limit: Some(1), ..Stage::settings() }
}

#[tokio::test(start_paused = true)]
async fn slots_are_replaced_up_to_the_bound_and_when_zombies_hold_all_of_them_the_worker_says_it_is_dead() {
    let stage = Stage::new();
    for n in 0..5 {
        stage.source().create(&Brief(Play::new(&n.to_string(), Act::Wait))).await.unwrap();
    }
    let lines = Lines::keep();
    let worker = stage.worker_with(two_and_one());
    let pulse = worker.pulse();
    let run = stage.start_worker(worker);
    // Two run out of time, one of them is replaced; then that one does.
    sleep(3 * SECOND).await;
    assert_eq!(stage.ran().len(), 3);
    assert!(pulse.is_alive(SECOND));
    sleep(60 * SECOND).await;
    assert_eq!(stage.ran().len(), 3);
    assert!(!pulse.is_alive(SECOND));
    assert_eq!(lines.with("ERROR Every slot is held").len(), 1, "{:?}", lines.all());
    // A zombie goes after all, and its slot is there again.
    stage.let_go("0");
    sleep(SECOND).await;
    assert!(pulse.is_alive(SECOND));
    assert_eq!(stage.ran().len(), 4);
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn what_a_zombie_does_in_the_end_does_not_count() {
    let stage = Stage::new();
    let job = stage.source().create(&Brief(Play::new("it", Act::Wait))).await.unwrap();
    let run = stage.start_worker(stage.worker_with(two_and_one()));
    sleep(5 * SECOND).await;
    let given_up = stage.row(job.id).await.state;
    assert_eq!(given_up.status(), JobStatus::Waiting);
    stage.let_go("it");
    sleep(SECOND).await;
    assert_eq!(stage.row(job.id).await.state, given_up);
    stage.stop.cancel();
    let report = run.await.unwrap().unwrap();
    assert_eq!((count(&report.incomplete, "brief"), report.zombies, report.stale), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_heeds_its_time_limit_has_timed_out_and_one_that_succeeds_a_little_late_has_not() {
    let stage = Stage::new();
    let heeds = stage.source().create(&Brief(Play::new("heeds", Act::Heed))).await.unwrap();
    let late = stage.source().create(&Brief(Play::new("late", Act::Wait))).await.unwrap();
    let run = stage.start_worker(stage.worker());
    sleep(SECOND + SECOND / 2).await;
    stage.let_go("late");
    sleep(SECOND).await;
    assert_eq!(stage.row(late.id).await.state.status(), JobStatus::Completed);
    assert_eq!(stage.attempts(heeds.id).await[0].outcome, "time-out");
    stage.stop.cancel();
    assert_eq!(run.await.unwrap().unwrap().zombies, 0);
}

#[tokio::test(start_paused = true)]
async fn a_pulse_stops_with_its_worker() {
    let stage = Stage::new();
    let worker = stage.worker();
    let pulse = worker.pulse();
    let run = stage.start_worker(worker);
    for _ in 0..20 {
        sleep(7 * SECOND).await;
        assert!(pulse.is_alive(SECOND));
    }
    run.abort();
    sleep(60 * SECOND).await;
    assert!(!pulse.is_alive(10 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_for_a_while_is_no_reason_to_be_dead() {
    let (stage, store) = Stage::unsteady();
    let worker = stage.worker();
    let pulse = worker.pulse();
    let run = stage.start_worker(worker);
    sleep(5 * SECOND).await;
    store.always("claim", Fault::Held(Arc::new(Semaphore::new(0))));
    for _ in 0..25 {
        sleep(SECOND).await;
        assert!(pulse.is_alive(2 * SECOND));
    }
    // For ever, it is.
    sleep(10 * SECOND).await;
    assert!(!pulse.is_alive(2 * SECOND));
    run.abort();
}

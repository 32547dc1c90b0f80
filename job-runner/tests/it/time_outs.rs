//! An attempt ends at its time limit, whatever its handler does, and the others run on.

use crate::{
    play::{Act, Brief, DELAY, Laned, Play},
    stage::{Stage, count},
};
use job_core::{JobStatus, Options};
use job_runner::{Place, ScriptError, SectionSettings};
use job_testing::factory::{limit, noon};
use std::{sync::atomic::Ordering::SeqCst, time::Duration};

#[tokio::test(start_paused = true)]
async fn a_handler_that_awaits_for_ever_times_out_and_the_others_complete() {
    let stage = Stage::new();
    let hangs = stage.source().create(&Brief(Play::new("hangs", Act::Hang))).await.unwrap();
    let works = stage.create(Play::new("works", Act::Succeed)).await;
    let report = stage.run().await;
    let row = stage.row(hangs.id).await;
    assert_eq!(row.state.status(), JobStatus::Waiting);
    assert_eq!(row.state.last_error().unwrap().as_str(), "ran longer than 1s");
    assert!(row.state.scheduled_start() >= noon() + DELAY);
    assert_eq!(stage.attempts(hangs.id).await[0].outcome, "time-out");
    assert_eq!(stage.row(works.id).await.state.status(), JobStatus::Completed);
    assert_eq!((count(&report.incomplete, "brief"), report.zombies), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_time_out_of_the_last_attempt_fails_with_a_report() {
    let stage = Stage::new();
    let options = Options { max_retries: Some(0), ..Options::default() };
    let job = stage.source().create_with(&Brief(Play::new("it", Act::Hang)), &options).await.unwrap();
    stage.run().await;
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Failed);
    let reports = stage.told.reports.lock();
    assert_eq!(reports[0].outcome, "time-out");
    assert_eq!(reports[0].vars, [("label".to_owned(), "it".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_told_at_its_limit_and_not_before() {
    let stage = Stage::new();
    let job = stage.source().create(&Brief(Play::new("it", Act::Heed))).await.unwrap();
    let run = stage.start(stage.script());
    stage.here("it").await;
    tokio::time::sleep(Duration::from_millis(990)).await;
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Running);
    let report = run.await.unwrap().unwrap();
    // It heeded its token, so it is no zombie; what it said then does not count.
    assert_eq!((report.zombies, report.stale, count(&report.incomplete, "brief")), (0, 0, 1));
    assert_eq!(stage.row(job.id).await.state.last_error().unwrap().as_str(), "ran longer than 1s");
}

#[tokio::test(start_paused = true)]
async fn with_a_slow_lane_a_time_out_moves_there_and_is_an_error_there() {
    let stage = Stage::new();
    let job = stage.source().create(&Laned(Play::new("it", Act::Hang))).await.unwrap();
    stage.run().await;
    let moved = stage.row(job.id).await.state;
    assert_eq!((moved.status(), moved.queue().as_str()), (JobStatus::Waiting, "slow"));
    // Due again, but not for the run that moved it.
    assert_eq!(moved.attempt_count(), 1);
    stage.store.set_now(noon() + Duration::from_secs(10));
    stage.run().await;
    let again = stage.row(job.id).await.state;
    assert_eq!((again.attempt_count(), again.queue().as_str()), (2, "slow"));
    assert!(again.scheduled_start() >= noon() + DELAY);
}

async fn held_threads_are_replaced(act: Act) {
    let stage = Stage::new();
    let hogs = ["first", "second"].map(|it| Brief(Play::new(it, act.clone())));
    for hog in &hogs {
        stage.source().create(hog).await.unwrap();
    }
    for n in 0..6 {
        stage.create(Play::new(&format!("quick {n}"), Act::Succeed)).await;
    }
    // Two slots, and so two threads; both are held.
    let settings = SectionSettings { concurrency: limit(2), ..Stage::settings() };
    let report = stage.script_with(settings).place(Place::Threads).run().await.unwrap();
    assert_eq!((count(&report.completed, "usual"), count(&report.incomplete, "brief")), (6, 2));
    assert_eq!(report.zombies, 2);
    stage.freed.store(true, SeqCst);
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_that_spin_on_every_thread_do_not_stop_the_others() {
    held_threads_are_replaced(Act::Spin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_that_block_every_thread_do_not_stop_the_others() {
    held_threads_are_replaced(Act::Block).await;
}

#[tokio::test(start_paused = true)]
async fn the_slots_of_zombies_are_filled_again_but_only_once_over_and_the_script_says_that_it_left_the_rest()
{
    let stage = Stage::new();
    for n in 0..9 {
        stage.source().create(&Brief(Play::new(&format!("{n}"), Act::Hang))).await.unwrap();
    }
    let settings = SectionSettings { concurrency: limit(2), ..Stage::settings() };
    let error = stage.script_with(settings).run().await.unwrap_err();
    // Two, then two more beside two zombies; after that every slot is held.
    assert_eq!(stage.ran().len(), 4);
    let ScriptError::Stuck { report, .. } = &error else { panic!("{error}") };
    assert_eq!((report.zombies, count(&report.incomplete, "brief")), (4, 4));
}

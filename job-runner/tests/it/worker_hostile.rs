//! Handlers that behave badly: the worker lives, its slots are accounted for, and the others are on time.

use crate::{
    place::with_heart_on,
    play::{Act, Brief, Play, Usual},
    stage::{SECOND, Stage, count},
    unsteady::Unsteady,
};
use job_core::JobStatus;
use job_runner::{Place, SectionSettings};
use job_testing::factory::limit;
use std::sync::atomic::Ordering::SeqCst;
use tokio::time::{sleep, timeout};

#[tokio::test(start_paused = true)]
async fn panics_and_roars_take_one_slot_for_as_long_as_they_last() {
    let stage = Stage::new();
    let settings = SectionSettings { concurrency: limit(1), prefetch: Some(0), ..Stage::settings() };
    let roars = stage.create_last(Play::new("roars", Act::Roar)).await;
    for n in 0..5 {
        stage.create_last(Play::new(&n.to_string(), Act::Panic("no".to_owned()))).await;
        stage.create_last(Play::new(&n.to_string(), Act::Roar)).await;
    }
    let works = stage.create(Play::new("works", Act::Succeed)).await;
    let run = stage.start_worker(stage.worker_with(settings));
    sleep(SECOND).await;
    assert_eq!(stage.row(works.id).await.state.status(), JobStatus::Completed);
    let failed = stage.row(roars.id).await.state;
    assert_eq!(failed.status(), JobStatus::Failed);
    let text = failed.last_error().unwrap().as_str();
    assert!(text.len() < 64 * 1024 && !text.contains(['\0', '\u{1b}']), "{} bytes", text.len());
    stage.stop.cancel();
    let report = run.await.unwrap().unwrap();
    assert_eq!((count(&report.incomplete, "usual"), report.zombies), (11, 0));
    assert_eq!(stage.told.reports.lock().len(), 11);
}

/// In real time, and with as many threads that spin as a small machine has cores.
#[tokio::test(flavor = "multi_thread")]
async fn handlers_that_hang_spin_or_block_hold_up_neither_the_others_nor_the_beats() {
    let stage = Stage::new();
    let own = Unsteady::new(&stage.store);
    let stage = with_heart_on(Some(own.clone()), &stage);
    let mut hostile = Vec::new();
    for (label, act) in
        [("hangs", Act::Hang), ("spins", Act::Spin), ("spins too", Act::Spin), ("blocks", Act::Block)]
    {
        hostile.push(stage.source().create(&Brief(Play::new(label, act))).await.unwrap());
    }
    let settings = SectionSettings {
        concurrency: limit(6),
        lease: 6 * SECOND,
        beat: SECOND / 5,
        poll: SECOND / 10,
        ..Stage::settings()
    };
    let worker = stage.worker_with(settings).place(Place::Threads);
    let pulse = worker.pulse();
    let run = stage.start_worker(worker);
    stage.here("spins too").await;
    // There is a lease to be renewed all the while.
    stage.create(Play::new("long", Act::Wait)).await;
    for n in 0..10 {
        let (beats, label) = (own.calls("renew"), format!("quick {n}"));
        stage.source().create(&Usual(Play::new(&label, Act::Wait))).await.unwrap();
        timeout(3 * SECOND, stage.here(&label)).await.expect("started on time");
        stage.let_go(&label);
        let next_beat = async {
            while own.calls("renew") == beats {
                sleep(SECOND / 100).await;
            }
        };
        timeout(3 * SECOND, next_beat).await.expect("a beat within half a lease");
        assert!(pulse.is_alive(3 * SECOND));
    }
    let settled = async {
        for job in &hostile {
            while stage.row(job.id).await.state.status() == JobStatus::Running {
                sleep(SECOND / 100).await;
            }
            assert_eq!(stage.attempts(job.id).await[0].outcome, "time-out");
        }
    };
    timeout(30 * SECOND, settled).await.expect("settled on time");
    stage.let_go("long");
    stage.stop.cancel();
    let report = run.await.unwrap().unwrap();
    assert_eq!((count(&report.completed, "usual"), report.stale, report.zombies), (11, 0, 4));
    stage.freed.store(true, SeqCst);
}

/// In real time.
#[tokio::test(flavor = "multi_thread")]
async fn where_zombies_hold_every_thread_that_handlers_share_others_are_started_in_their_stead() {
    let stage = Stage::new();
    let settings = SectionSettings { concurrency: limit(10), threads: Some(limit(1)), ..Stage::settings() };
    let run = stage.start_worker(stage.worker_with(settings).place(Place::Threads));
    // One thread is for timers.
    for label in ["blocks", "blocks too"] {
        stage.source().create(&Brief(Play::new(label, Act::Block))).await.unwrap();
        stage.here(label).await;
    }
    let works = stage.create(Play::new("works", Act::Succeed)).await;
    timeout(30 * SECOND, stage.completed(works.id))
        .await
        .expect("completed once the time of those that block was up");
    stage.stop.cancel();
    assert_eq!(run.await.unwrap().unwrap().zombies, 2);
    stage.freed.store(true, SeqCst);
}

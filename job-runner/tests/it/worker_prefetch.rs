//! What a worker claims, when, and from which queue.

use crate::{
    play::{Act, Play},
    stage::{SECOND, Stage, count},
    unsteady::Fault,
};
use job_core::{
    Job, JobStatus, Options,
    store::{Claim, Filter, JobStore},
};
use job_runner::SectionSettings;
use job_testing::factory::{claim, limit, named};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::sleep;

async fn in_status(stage: &Stage, status: JobStatus) -> u64 {
    let filter = Filter { statuses: Some(vec![status]), ..Filter::default() };
    stage.store.count(&filter, 10_000).await.unwrap().jobs
}

async fn create_in(stage: &Stage, queue: &str, label: &str, act: Act) -> Job {
    let options = Options { queue: Some(named(queue)), ..Options::default() };
    stage.create_with(Play::new(label, act), &options).await
}

fn slots(concurrency: u32, prefetch: Option<u32>) -> SectionSettings {
    SectionSettings { concurrency: limit(concurrency), prefetch, ..Stage::settings() }
}

#[tokio::test(start_paused = true)]
async fn a_free_slot_is_filled_from_what_was_claimed_ahead_and_more_is_claimed_when_one_stays_free() {
    let stage = Stage::new();
    for n in 0..10 {
        stage.create(Play::new(&n.to_string(), Act::Wait)).await;
    }
    let run = stage.start_worker(stage.worker_with(slots(2, Some(3))));
    sleep(SECOND).await;
    assert_eq!((stage.ran().len(), in_status(&stage, JobStatus::Running).await), (2, 5));
    for (ended, running, held) in [("0", 3, 4), ("1", 4, 3), ("2", 5, 2), ("3", 6, 5)] {
        stage.let_go(ended);
        sleep(SECOND).await;
        assert_eq!((stage.ran().len(), in_status(&stage, JobStatus::Running).await), (running, held));
    }
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn without_a_word_about_it_long_jobs_are_not_claimed_ahead_and_short_ones_are() {
    let stage = Stage::new();
    for n in 0..6 {
        stage.create(Play::new(&format!("long {n}"), Act::Wait)).await;
    }
    let run = stage.start_worker(stage.worker_with(slots(2, None)));
    sleep(30 * SECOND).await;
    // What waits in line here while others may have free slots helps nobody.
    assert_eq!(in_status(&stage, JobStatus::Running).await, 2);
    run.abort();

    let (stage, store) = Stage::unsteady();
    for n in 0..100 {
        stage.create(Play::new(&n.to_string(), Act::Succeed)).await;
    }
    let run = stage.start_worker(stage.worker_with(slots(2, None)));
    sleep(SECOND / 10).await;
    assert_eq!(in_status(&stage, JobStatus::Completed).await, 100);
    // Two at a time, that would have been fifty.
    let claims = store.calls("claim") + store.calls("exchange");
    assert!(claims < 45, "{claims}");
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn a_job_that_has_crashed_before_is_not_claimed_ahead() {
    let stage = Stage::new();
    let mut crashed = Vec::new();
    for label in ["crashed 0", "crashed 1"] {
        crashed.push(stage.create(Play::new(label, Act::Wait)).await);
    }
    let lease = Duration::from_millis(1);
    let types = vec![crashed[0].spec.type_name.clone()];
    let dead = Claim { types, lease, limit: limit(9), ..claim(stage.opened.clock) };
    assert_eq!(stage.store.claim(&dead).await.unwrap().jobs.len(), 2);
    stage.let_time_flow();
    sleep(SECOND).await;
    let rescuer = stage.script_with(SectionSettings { limit: Some(0), ..slots(1, None) });
    assert_eq!(rescuer.run().await.unwrap().rescued, 2);
    stage.create(Play::new("fresh", Act::Wait)).await;

    let run = stage.start_worker(stage.worker_with(slots(1, Some(5))));
    stage.here("crashed 0").await;
    sleep(SECOND / 5).await;
    // Alone: whatever else was claimed is given back, with its attempt, before it starts.
    let state = stage.row(crashed[1].id).await.state;
    assert_eq!((state.status(), state.crash_count(), state.attempt_count()), (JobStatus::Waiting, 1, 1));
    assert_eq!(in_status(&stage, JobStatus::Running).await, 1);
    stage.let_go("crashed 0");
    stage.here("crashed 1").await;
    stage.let_go("crashed 1");
    stage.here("fresh").await;
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn a_queue_has_no_more_handlers_than_its_limit() {
    let stage = Stage::new();
    let mut settings = slots(5, Some(5));
    settings.queues = vec![named("narrow")];
    settings.queue_limits = BTreeMap::from([(named("narrow"), limit(2))]);
    for n in 0..4 {
        create_in(&stage, "narrow", &format!("narrow {n}"), Act::Wait).await;
    }
    let run = stage.start_worker(stage.worker_with(settings));
    sleep(5 * SECOND).await;
    assert_eq!((stage.ran().len(), in_status(&stage, JobStatus::Running).await), (2, 2));
    stage.create(Play::new("wide", Act::Wait)).await;
    stage.here("wide").await;
    stage.let_go("narrow 0");
    stage.here("narrow 2").await;
    assert_eq!(in_status(&stage, JobStatus::Running).await, 3);
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn a_queue_does_not_wait_for_the_flood_in_another() {
    let stage = Stage::new();
    let settings = SectionSettings { queues: vec![named("flooded"), named("quiet")], ..slots(1, None) };
    for n in 0..500 {
        create_in(&stage, "flooded", &n.to_string(), Act::Work(1)).await;
    }
    let run = stage.start_worker(stage.worker_with(settings));
    sleep(20 * SECOND).await;
    create_in(&stage, "quiet", "it", Act::Succeed).await;
    sleep(4 * SECOND).await;
    assert!(stage.ran().contains(&"it".to_owned()), "{:?}", stage.ran());
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn while_ends_cannot_be_settled_nothing_more_is_claimed() {
    let (stage, store) = Stage::unsteady();
    for n in 0..50 {
        stage.create(Play::new(&n.to_string(), Act::Succeed)).await;
    }
    for method in ["apply", "exchange"] {
        store.always(method, Fault::Busy);
    }
    let run = stage.start_worker(stage.worker_with(slots(3, Some(2))));
    sleep(25 * SECOND).await;
    assert_eq!((stage.ran().len(), in_status(&stage, JobStatus::Running).await), (5, 5));
    for method in ["apply", "exchange"] {
        store.always(method, Fault::None);
    }
    sleep(5 * SECOND).await;
    stage.stop.cancel();
    let report = run.await.unwrap().unwrap();
    assert_eq!((count(&report.completed, "usual"), report.stale, stage.ran().len()), (50, 0, 50));
}

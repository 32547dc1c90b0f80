//! What a dead worker held runs elsewhere soon, and what a live one holds does not.

use crate::{
    lines::Lines,
    play::{Act, Play},
    stage::{SECOND, Stage, count},
    unsteady::{Fault, Unsteady},
};
use async_trait::async_trait;
use job_core::{
    JobStatus, Timestamp,
    store::{Admin, Claim, JobStore, Opened, StoreError},
};
use job_runner::SectionSettings;
use job_testing::factory::{claim, limit, noon};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::sleep};

/// A store with a server that started then.
#[derive(Debug)]
struct Server(Timestamp);

#[async_trait]
impl Admin for Server {
    async fn migrate(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn schema_version(&self) -> Result<u32, StoreError> {
        Ok(1)
    }

    async fn findings(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    async fn server_started(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(Some(self.0))
    }
}

/// A job that a runner claimed at noon and never ended: its lease is over at the given second.
async fn left_behind(stage: &Stage, lease: Duration) -> job_core::Job {
    let job = stage.create(Play::new("left", Act::Succeed)).await;
    let claim = Claim { types: vec![job.spec.type_name.clone()], lease, ..claim(stage.opened.clock) };
    assert_eq!(stage.store.claim(&claim).await.unwrap().jobs.len(), 1);
    job
}

#[tokio::test(start_paused = true)]
async fn a_hundred_jobs_of_a_worker_that_dies_run_elsewhere_within_a_lease_and_a_scan() {
    let stage = Stage::new();
    stage.let_time_flow();
    let settings = SectionSettings { concurrency: limit(100), ..Stage::settings() };
    let first = stage.start_worker(stage.worker_with(settings.clone()));
    for n in 0..100 {
        stage.create(Play::new(&n.to_string(), Act::Hang)).await;
    }
    while stage.ran().len() < 100 {
        sleep(SECOND / 10).await;
    }
    let second = stage.start_worker(stage.worker_with(settings));
    sleep(25 * SECOND).await;
    first.abort();
    sleep(36 * SECOND).await;
    assert_eq!(stage.ran().len(), 200);
    second.abort();
}

#[tokio::test(start_paused = true)]
async fn a_prune_that_fails_or_does_not_answer_keeps_no_job_waiting_for_its_rescue() {
    for fault in [Fault::Broken, Fault::Away, Fault::Held(Arc::new(Semaphore::new(0)))] {
        let stage = Stage::new();
        let store = Unsteady::new(&stage.store);
        let stage = stage.through(store.opened());
        stage.let_time_flow();
        store.always("delete", fault.clone());
        let lines = Lines::keep();
        let retention = Some(3600 * SECOND);
        let run = stage.start_worker(stage.worker_with(SectionSettings { retention, ..Stage::settings() }));
        sleep(60 * SECOND).await;
        assert!(store.calls("delete") > 0);
        let job = left_behind(&stage, SECOND).await;
        sleep(10 * SECOND).await;
        assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Completed, "{fault:?}");
        sleep(300 * SECOND).await;
        let told = lines.with("could not be deleted").len();
        assert_eq!((told, lines.with("The job store").len()), (usize::from(store.calls("delete") > 1), 0));
        stage.stop.cancel();
        assert_eq!(run.await.unwrap().unwrap().rescued, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn it_rescues_at_once_when_it_starts() {
    let stage = Stage::new();
    left_behind(&stage, SECOND).await;
    stage.store.set_now(noon() + 2 * SECOND);
    stage.let_time_flow();
    let run = stage.start_worker(stage.worker());
    sleep(2 * SECOND).await;
    assert_eq!(stage.ran(), ["left"]);
    stage.stop.cancel();
    let report = run.await.unwrap().unwrap();
    assert_eq!((report.rescued, count(&report.completed, "usual")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn after_its_own_silence_it_gives_the_others_a_lease_to_be_heard_of() {
    let (stage, store) = Stage::unsteady();
    stage.let_time_flow();
    let run = stage.start_worker(stage.worker());
    sleep(2 * SECOND).await;
    store.next("claim", vec![Fault::Away; 2]);
    sleep(3 * SECOND).await;
    let job = left_behind(&stage, SECOND).await;
    // The silence was over by then at the latest.
    sleep(25 * SECOND).await;
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Running);
    sleep(15 * SECOND).await;
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Completed);
    stage.stop.cancel();
    assert_eq!(run.await.unwrap().unwrap().rescued, 1);
}

#[tokio::test(start_paused = true)]
async fn after_the_start_of_the_server_everybody_gives_the_others_a_lease_to_be_heard_of() {
    let stage = Stage::new();
    let job = left_behind(&stage, SECOND).await;
    let opened = Opened { admin: Some(Arc::new(Server(noon()))), ..stage.opened.clone() };
    let stage = stage.through(opened);
    stage.store.set_now(noon() + 10 * SECOND);
    // A script leaves it to the next one.
    assert_eq!(stage.run().await.rescued, 0);
    stage.let_time_flow();
    let run = stage.start_worker(stage.worker());
    sleep(19 * SECOND).await;
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Running);
    sleep(8 * SECOND).await;
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Completed);
    stage.stop.cancel();
    run.await.unwrap().unwrap();
}

//! Completion within a handler.

use job_core::{AttemptLost, Clock, Completion, Job, JobStatus, Then, store::JobStoreExt};
use job_store_mem::{CompleteError, MemStore, SCHEME, complete};
use job_testing::{Fixture, factory};

async fn running(store: &MemStore) -> (Fixture, Job) {
    let fixture = Fixture::from(store.opened());
    let job = fixture.running(&fixture.job()).await;
    (fixture, job)
}

fn completion(job: &Job, then: Then) -> Completion {
    Completion::new(job.clone(), factory::actor(1), SCHEME, then)
}

#[tokio::test]
async fn a_completed_job_is_completed_at_the_stores_time() {
    let store = MemStore::seeded(1);
    let (fixture, job) = running(&store).await;
    let proof = complete(&store, completion(&job, Then::Keep)).unwrap();
    assert_eq!(proof.job(), job.id);
    let stored = fixture.get(job.id).await;
    assert_eq!(stored.state.status(), JobStatus::Completed);
    assert_eq!(stored.state.date_finished(), Some(store.time(Clock::Store).await.unwrap()));
    assert!(complete(&store, completion(&job, Then::Keep)).is_ok(), "the same again is as good");
}

#[tokio::test]
async fn a_completed_job_may_be_deleted() {
    let store = MemStore::new();
    let (fixture, job) = running(&store).await;
    let proof = complete(&store, completion(&job, Then::Delete)).unwrap();
    assert_eq!(proof.job(), job.id);
    assert_eq!(fixture.find(job.id).await, None);
}

#[tokio::test]
async fn a_lost_attempt_completes_nothing() {
    let store = MemStore::new();
    let (fixture, job) = running(&store).await;
    let cancelled = fixture.moved(&factory::change(&job, job.cancel("stop".into(), fixture.now()))).await;
    let lost = CompleteError::Lost(AttemptLost { id: job.id });
    assert_eq!(complete(&store, completion(&job, Then::Keep)).unwrap_err(), lost);
    assert_eq!(fixture.get(job.id).await, cancelled);
    let not_running = complete(&store, completion(&cancelled, Then::Keep));
    assert_eq!(not_running.unwrap_err(), lost);
}

#[tokio::test]
async fn a_job_of_another_store_is_refused_by_name() {
    let store = MemStore::new();
    let (fixture, job) = running(&store).await;
    let foreign = Completion::new(job.clone(), factory::actor(1), "sqlite", Then::Keep);
    let error = complete(&store, foreign).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the job was claimed from a sqlite store; complete it there, not in a memory store"
    );
    assert_eq!(fixture.get(job.id).await, job);
}

//! Inserting: what is stored, and the answers.

use crate::Fixture;
use job_core::{JobStatus, NewJob, Revision, store::Inserted};

/// A new job is Waiting, at its first revision, as the core makes it of what was asked for.
pub async fn a_new_job_is_waiting_as_asked_for(store: Fixture) {
    let new = store.job();
    let job = store.create(&new).await;
    assert_eq!(job, new.created(store.now()));
    assert_eq!((job.state.status(), job.state.revision()), (JobStatus::Waiting, Revision::FIRST));
    assert_eq!(store.get(new.id).await, job);
}

/// Answers come in the order of the jobs, whatever the order of their ids.
pub async fn answers_come_in_the_order_of_the_jobs(store: Fixture) {
    let mut jobs = store.jobs(40);
    jobs.reverse();
    jobs.swap(3, 30);
    let created: Vec<_> = jobs.iter().map(|it: &NewJob| Inserted::Created(it.created(store.now()))).collect();
    assert_eq!(store.insert(&jobs).await, created);
}

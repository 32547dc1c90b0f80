//! The workload `store-drain`: claim and settle by the store alone. No runner, no handler, no task for a job.

use super::no_op::NoOp;
use job_core::{
    ActorId, BoxError, Change, Clock, Job, QueueName, Reply, RunnableJob, Then, Timestamp, TypeName,
    store::{Claim, JobStore},
};
use std::{num::NonZeroU32, time::Duration};
use uuid::Uuid;

/// Drains, as one runner whose jobs all end at once: each exchange settles a batch and claims the next.
///
/// # Errors
///
/// If the store fails, or loses a job.
pub(super) async fn run(store: &dyn JobStore, batch: NonZeroU32, then: Then) -> Result<(), BoxError> {
    let by = ActorId::from_uuid(Uuid::now_v7());
    let claim = Claim {
        by,
        queue: QueueName::default(),
        types: vec![TypeName::new(NoOp::TYPE)?],
        limit: batch,
        lease: Duration::from_secs(30),
        due_by: None,
        clock: Clock::Store,
    };
    let now = store.now().await?;
    let mut changes = Vec::new();
    loop {
        let (replies, claimed) = store.exchange(&changes, &claim).await?;
        if replies.len() != changes.len() || replies.iter().any(|it| *it != Reply::Applied) {
            return Err("a job was lost although nobody else drains".into());
        }
        if claimed.is_empty() {
            return Ok(());
        }
        changes = claimed.jobs.iter().map(|job| completing(job, by, then, now)).collect::<Result<_, _>>()?;
    }
}

fn completing(job: &Job, by: ActorId, then: Then, now: Timestamp) -> Result<Change, BoxError> {
    let change = Change::new(job, job.complete(now)?, by);
    Ok(if then == Then::Delete { change.deleting_completed() } else { change })
}

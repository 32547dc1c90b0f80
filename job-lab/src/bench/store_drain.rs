//! The workload `store-drain`: claim and settle by the store alone. No runner, no handler, no task for a job.

use super::no_op::NoOp;
use job_core::{
    ActorId, BoxError, Change, Clock, Job, QueueName, Reply, RunnableJob, Then, Timestamp, TypeName,
    store::{Claim, JobStore},
};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tokio::task::JoinSet;
use uuid::Uuid;

/// How a store is drained.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchanges {
    /// How many jobs at a time.
    pub(super) batch: NonZeroU32,
    /// What becomes of them.
    pub(super) then: Then,
}

impl Exchanges {
    /// Drains, as `runners` at once whose jobs all end at once: each exchange settles a batch and claims the next.
    ///
    /// # Errors
    ///
    /// If the store fails, or loses a job.
    pub(super) async fn run(self, store: Arc<dyn JobStore>, runners: u32) -> Result<(), BoxError> {
        let mut draining = JoinSet::new();
        for _ in 0..runners {
            let store = store.clone();
            draining.spawn(async move { self.drain(&*store).await });
        }
        while let Some(ended) = draining.join_next().await {
            ended??;
        }
        Ok(())
    }

    async fn drain(self, store: &dyn JobStore) -> Result<(), BoxError> {
        let claim = claim(self.batch)?;
        let now = store.now().await?;
        let mut changes = Vec::new();
        loop {
            let (replies, claimed) = store.exchange(&changes, &claim).await?;
            if replies.len() != changes.len() || replies.iter().any(|it| *it != Reply::Applied) {
                return Err("a job was lost although nobody else has it".into());
            }
            if claimed.is_empty() {
                return Ok(());
            }
            let completing = |job: &Job| completing(job, claim.by, self.then, now);
            changes = claimed.jobs.iter().map(completing).collect::<Result<_, _>>()?;
        }
    }
}

/// A claim of [`NoOp`] by a runner of its own.
pub(super) fn claim(limit: NonZeroU32) -> Result<Claim, BoxError> {
    Ok(Claim {
        by: ActorId::from_uuid(Uuid::now_v7()),
        queue: QueueName::default(),
        types: vec![TypeName::new(NoOp::TYPE)?],
        limit,
        lease: Duration::from_secs(30),
        due_by: None,
        clock: Clock::Store,
    })
}

/// Completes what `by` claimed.
pub(super) fn completing(job: &Job, by: ActorId, then: Then, now: Timestamp) -> Result<Change, BoxError> {
    let change = Change::new(job, job.complete(now)?, by);
    Ok(if then == Then::Delete { change.deleting_completed() } else { change })
}

//! Starts one job and no other, as no claim can: it is set aside first, in a queue of its own.

use crate::PerformError;
use job_core::{
    ActorId, Change, Clock, Job, JobState, NameError, QueueName, Reply, StateParts, Timestamp,
    store::{Claim, JobStore, JobStoreExt, StoreError},
};
use std::{num::NonZeroU32, sync::Arc, time::Duration};

/// A job that waits, to be started at `now`.
pub(crate) struct SetAside<'a> {
    pub(crate) store: &'a Arc<dyn JobStore>,
    pub(crate) job: &'a Job,
    pub(crate) by: ActorId,
    pub(crate) now: Timestamp,
}

impl SetAside<'_> {
    /// The job, started with a lease of `lease` as the attempt with this number, and back in its old place; `None` if a
    /// claim passes over it.
    pub(crate) async fn claim(
        &self,
        lease: Duration,
        attempt: Option<u32>,
    ) -> Result<Option<Job>, PerformError> {
        let (job, queue) = (self.job, self.own_queue()?);
        if !self.moved(job, queue.clone(), self.now).await? {
            return Ok(None);
        }
        let claim = Claim {
            by: self.by,
            queue,
            types: vec![job.spec.type_name.clone()],
            limit: NonZeroU32::MIN,
            lease,
            due_by: None,
            clock: Clock::At(self.now),
        };
        let Some(started) = self.store.claim(&claim).await?.jobs.pop() else {
            if let Some(aside) = self.store.get(job.id).await? {
                self.moved(&aside, job.state.queue().clone(), job.state.scheduled_start()).await?;
            }
            return Ok(None);
        };
        let parts = started.state.parts();
        let state = restored(StateParts {
            queue: job.state.queue().clone(),
            scheduled_start: job.state.scheduled_start(),
            attempt_count: attempt.unwrap_or(parts.attempt_count),
            ..parts
        })?;
        Ok(Some(Job { state, ..started }))
    }

    /// Moves `job` as an operator would; false if somebody changed it first.
    async fn moved(&self, job: &Job, queue: QueueName, start: Timestamp) -> Result<bool, PerformError> {
        let Ok(next) = job.reschedule(start) else { return Ok(false) };
        let next = restored(StateParts { queue, ..next.parts() })?;
        let change = Change::new(job, next, self.by);
        loop {
            match self.store.apply(std::slice::from_ref(&change)).await?.pop() {
                None | Some(Reply::Busy) => tokio::task::yield_now().await,
                Some(reply) => return Ok(reply.is_applied()),
            }
        }
    }

    fn own_queue(&self) -> Result<QueueName, NameError> {
        QueueName::new(format!("perform/{}", self.job.id))
    }
}

/// The parts of one state with another place in them belong together as before.
fn restored(parts: StateParts) -> Result<JobState, StoreError> {
    JobState::restore(parts).map_err(|it| StoreError::Other(it.into()))
}

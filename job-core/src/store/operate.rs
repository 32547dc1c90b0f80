//! What an operator or the application does to one job: read, pure verb, apply, and on stale read again.

use super::{JobStore, JobStoreExt, StoreError};
use crate::{ActorId, Change, Clock, InvalidTransition, Job, JobId, JobState, Reply, Start, Text, Timestamp};

/// How often a job is read again after somebody was faster, before we say so.
const TRIES: u32 = 5;

/// What to do to a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// [`Job::cancel`].
    Cancel(Text),
    /// [`Job::suspend`].
    Suspend(Text),
    /// [`Job::resume`].
    Resume,
    /// [`Job::requeue`].
    Requeue {
        /// Whether attempts and crashes are kept.
        keep_attempts: bool,
    },
    /// [`Job::reschedule`].
    Reschedule(Start),
}

impl Operation {
    fn next(&self, job: &Job, now: Timestamp) -> Result<JobState, InvalidTransition> {
        match self {
            Self::Cancel(reason) => job.cancel(reason.clone(), now),
            Self::Suspend(reason) => job.suspend(reason.clone()),
            Self::Resume => job.resume(),
            Self::Requeue { keep_attempts } => job.requeue(*keep_attempts, now),
            Self::Reschedule(start) => job.reschedule(start.resolve(now)),
        }
    }

    /// A suspended job of the scope Waiting takes its key back; if another job holds it by now, that one will do the
    /// work. All else refuses: a requeue is an operator's wish for this very job.
    fn change(&self, job: &Job, next: JobState, by: ActorId, now: Timestamp) -> Change {
        let change = Change::new(job, next, by);
        if matches!(self, Self::Suspend(_)) { change.or_supersede(job, now) } else { change }
    }

    pub(super) async fn run<S: JobStore + ?Sized>(
        &self,
        store: &S,
        id: JobId,
        by: ActorId,
        clock: Clock,
    ) -> Result<Job, OperateError> {
        for _ in 0..TRIES {
            let job = store.get(id).await?.ok_or(OperateError::NotFound { id })?;
            let now = store.time(clock).await?;
            let next = self.next(&job, now)?;
            let change = self.change(&job, next, by, now);
            let reply = store.apply(std::slice::from_ref(&change)).await?.pop();
            match reply {
                Some(Reply::Applied | Reply::AlreadyApplied) => return Ok(Job { state: change.next, ..job }),
                Some(Reply::Superseded { by: holder }) => {
                    let state = change.if_taken.superseded_by(holder).unwrap_or(change.next);
                    return Ok(Job { state, ..job });
                }
                Some(Reply::KeyTaken { holder }) => return Err(OperateError::KeyTaken { id, holder }),
                Some(Reply::Gone) => return Err(OperateError::NotFound { id }),
                Some(Reply::Busy) => return Err(OperateError::Busy { id }),
                Some(Reply::Stale) | None => {}
            }
        }
        Err(OperateError::Busy { id })
    }
}

/// The job is not where the operation wanted it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperateError {
    /// There is no such job, or it was deleted meanwhile.
    #[error("there is no job {id}")]
    NotFound {
        /// The id.
        id: JobId,
    },
    /// The job's status does not allow it.
    #[error(transparent)]
    NotAllowed(#[from] InvalidTransition),
    /// Another job holds its unique key: cancel that one first, or leave the work to it.
    #[error(
        "job {id} cannot wait again: job {holder} holds its unique key; cancel that one, or leave it the work"
    )]
    KeyTaken {
        /// The job.
        id: JobId,
        /// The holder.
        holder: JobId,
    },
    /// Others keep changing or locking it. Nothing was done; try again.
    #[error("job {id} is being changed by others just now; nothing was done, try again")]
    Busy {
        /// The job.
        id: JobId,
    },
    /// The store broke.
    #[error(transparent)]
    Store(#[from] StoreError),
}

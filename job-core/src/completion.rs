//! Completion inside the handler's own transaction: the right to complete, and the proof that it was used.

use crate::{ActorId, Change, Job, JobId, Then, Timestamp};

/// The right to complete one attempt. Used up by the store's `complete_on`, the last statement of the
/// handler's own transaction.
#[derive(Debug)]
#[must_use = "the job does not complete unless a store's `complete_on` is given this"]
pub struct Completion {
    job: Job,
    by: ActorId,
    store: &'static str,
    then: Then,
}

/// Proof that the completion is part of the handler's transaction. Only a store makes one.
#[derive(Debug)]
#[must_use = "return it from the handler"]
pub struct Completed {
    id: JobId,
}

/// What a store needs to complete a job in the caller's transaction.
#[derive(Debug)]
pub struct CompletionParts {
    /// The job as it was claimed. Its completed state is [`Job::complete`]'s.
    pub job: Job,
    /// Who completes it.
    pub by: ActorId,
    /// The scheme of the store that the job was claimed from; a completion of another store is refused.
    pub store: &'static str,
    /// Whether the row stays.
    pub then: Then,
}

impl Completion {
    /// The right to complete `job`, which `by` claimed from a store of the scheme `store`. For runners.
    pub fn new(job: Job, by: ActorId, store: &'static str, then: Then) -> Self {
        Self { job, by, store, then }
    }

    /// The job as it was claimed.
    #[must_use]
    pub const fn job(&self) -> &Job {
        &self.job
    }

    /// The scheme of the store that the job was claimed from.
    #[must_use]
    pub const fn store(&self) -> &'static str {
        self.store
    }

    /// What a store needs. For stores only.
    #[must_use]
    pub fn parts(self) -> CompletionParts {
        CompletionParts { job: self.job, by: self.by, store: self.store, then: self.then }
    }
}

impl CompletionParts {
    /// The change that completes the job at `now`; it deletes the row, if that is asked for and no key has to outlive it.
    ///
    /// # Errors
    ///
    /// [`AttemptLost`] if what was claimed does not run.
    pub fn change(&self, now: Timestamp) -> Result<Change, AttemptLost> {
        let next = self.job.complete(now).map_err(|_| self.lost())?;
        let change = Change::new(&self.job, next, self.by);
        Ok(if self.then == Then::Delete { change.deleting_completed() } else { change })
    }

    /// What the handler is told when the change does not fit.
    #[must_use]
    pub const fn lost(&self) -> AttemptLost {
        AttemptLost { id: self.job.id }
    }

    /// The proof. For stores only: the completing statement has changed its row.
    pub fn completed(&self) -> Completed {
        Completed { id: self.job.id }
    }
}

impl Completed {
    /// The job that was completed.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.id
    }
}

/// Another runner owns the job now, or it was cancelled or deleted. The handler's transaction must roll back.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the attempt lost its job {id}: somebody else changed it; nothing of this transaction may be kept")]
pub struct AttemptLost {
    /// The job.
    pub id: JobId,
}

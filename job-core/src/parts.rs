//! A state as a store's columns: taken apart to be written, and checked when it is put together again.

use crate::{
    ActorId, JobId, JobState, JobStatus, Lease, Phase, QueueName, Revision, Text, Timestamp, Turn, UniqueKey,
};

/// The columns of a [`JobState`]. Each is described at the state's method of the same name.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is described at JobState's method of the same name")]
pub struct StateParts {
    pub status: JobStatus,
    pub queue: QueueName,
    pub attempt_count: u32,
    pub crash_count: u32,
    pub scheduled_start: Timestamp,
    pub date_started: Option<Timestamp>,
    pub date_finished: Option<Timestamp>,
    pub lease: Option<Lease>,
    pub last_error: Option<Text>,
    pub reason: Option<Text>,
    pub held_key: Option<UniqueKey>,
    pub running_key: Option<Turn>,
    pub superseded_by: Option<JobId>,
    pub changed_by: Option<ActorId>,
    pub revision: Revision,
}

/// Stored columns contradict each other: somebody wrote them past the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Inconsistent {
    /// A lease is there if and only if the job runs.
    #[error("the job is {status} and {}", if *.status == JobStatus::Running { "has no lease" } else { "has a lease" })]
    Lease {
        /// The stored status.
        status: JobStatus,
    },
    /// `date_finished` is there if and only if the job is final.
    #[error("the job is {status} and {}", if .status.is_final() { "has no date_finished" } else { "has a date_finished" })]
    DateFinished {
        /// The stored status.
        status: JobStatus,
    },
    /// Only a running job holds its turn.
    #[error("the job is {status} and holds a turn")]
    Turn {
        /// The stored status.
        status: JobStatus,
    },
}

impl JobState {
    /// The columns to be written.
    #[must_use]
    pub fn parts(&self) -> StateParts {
        StateParts {
            status: self.status(),
            queue: self.queue.clone(),
            attempt_count: self.attempt_count,
            crash_count: self.crash_count,
            scheduled_start: self.scheduled_start,
            date_started: self.date_started,
            date_finished: self.date_finished(),
            lease: self.lease().cloned(),
            last_error: self.last_error.clone(),
            reason: self.reason.clone(),
            held_key: self.held_key.clone(),
            running_key: self.running_key.clone(),
            superseded_by: self.superseded_by,
            changed_by: self.changed_by,
            revision: self.revision,
        }
    }

    /// The state of stored columns.
    ///
    /// # Errors
    ///
    /// [`Inconsistent`] if they contradict each other. Stores repeat these rules as constraints of the table.
    pub fn restore(parts: StateParts) -> Result<Self, Inconsistent> {
        let status = parts.status;
        let phase = match (status, parts.lease, parts.date_finished) {
            (JobStatus::Running, Some(lease), None) => Phase::Running(lease),
            (JobStatus::Waiting, None, None) => Phase::Waiting,
            (JobStatus::Suspended, None, None) => Phase::Suspended,
            (JobStatus::Completed, None, Some(at)) => Phase::Completed { at },
            (JobStatus::Failed, None, Some(at)) => Phase::Failed { at },
            (JobStatus::Cancelled, None, Some(at)) => Phase::Cancelled { at },
            (_, lease, _) if lease.is_some() != (status == JobStatus::Running) => {
                return Err(Inconsistent::Lease { status });
            }
            _ => return Err(Inconsistent::DateFinished { status }),
        };
        if parts.running_key.is_some() && status != JobStatus::Running {
            return Err(Inconsistent::Turn { status });
        }
        Ok(Self {
            phase,
            queue: parts.queue,
            attempt_count: parts.attempt_count,
            crash_count: parts.crash_count,
            scheduled_start: parts.scheduled_start,
            date_started: parts.date_started,
            last_error: parts.last_error,
            reason: parts.reason,
            held_key: parts.held_key,
            running_key: parts.running_key,
            superseded_by: parts.superseded_by,
            changed_by: parts.changed_by,
            revision: parts.revision,
        })
    }
}

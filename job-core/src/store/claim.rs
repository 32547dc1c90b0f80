//! What a store's hot calls take and give.

use crate::{
    ActorId, BoxError, Clock, Job, JobId, JobSpec, JobState, Json, Progress, QueueName, Revision, Timestamp,
    TypeName,
};
use std::{num::NonZeroU32, time::Duration};

/// What became of a [`NewJob`](crate::NewJob).
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "Created is the common answer; a box would cost every insert an allocation"
)]
pub enum Inserted {
    /// It is stored: now, or by an earlier insert of the same id and spec.
    Created(Job),
    /// Another job holds its key; nothing was stored.
    Existing {
        /// The holder.
        holder: JobId,
    },
    /// Its id belongs to a job with another spec; nothing was stored. Mint another one.
    IdTaken,
}

/// What to claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The runner that will hold the leases.
    pub by: ActorId,
    /// The queue. Queues have no order among themselves, so each has claims of its own.
    pub queue: QueueName,
    /// The types the runner knows. None, nothing is started.
    pub types: Vec<TypeName>,
    /// The most jobs.
    pub limit: NonZeroU32,
    /// How long the leases last, from now.
    pub lease: Duration,
    /// Only jobs whose scheduled start is not after this: a script takes what was due when it started.
    pub due_by: Option<Timestamp>,
    /// Whose time counts.
    pub clock: Clock,
}

impl Claim {
    /// The latest scheduled start that this claim takes at `now`.
    #[must_use]
    pub fn due_at(&self, now: Timestamp) -> Timestamp {
        self.due_by.map_or(now, |it| it.min(now))
    }
}

/// What a claim started.
#[derive(Debug, Default)]
pub struct Claimed {
    /// The jobs, most urgent first.
    pub jobs: Vec<Job>,
    /// Jobs that were started too but do not decode. Each has a [`stand_in`](Unreadable::stand_in).
    pub unreadable: Vec<Unreadable>,
}

impl Claimed {
    /// Whether nothing was started.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.unreadable.is_empty()
    }
}

/// A row that does not decode: somebody wrote it past the store, or a newer version did.
#[derive(Debug, thiserror::Error)]
#[error("job {id} cannot be read: {source}")]
pub struct Unreadable {
    /// The row.
    pub id: JobId,
    /// Its type and state, if these could be read; always in the answer to a claim.
    pub state: Option<Box<(TypeName, JobState)>>,
    /// What is wrong with it.
    pub source: BoxError,
}

impl Unreadable {
    /// A job with the row's id, type and state, `null` args and no keys: enough to fail it.
    #[must_use]
    pub fn stand_in(&self) -> Option<Job> {
        let (type_name, state) = self.state.as_deref()?.clone();
        let spec = JobSpec {
            type_name,
            args: Json::stored("null"),
            priority: 0,
            target: None,
            tags: Vec::new(),
            unique: None,
            turn: None,
            max_retries: 0,
            requester: None,
            date_created: state.scheduled_start(),
        };
        Some(Job { id: self.id, spec, state })
    }
}

/// A lease to be renewed.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The job.
    pub id: JobId,
    /// The revision at which the runner holds it.
    pub revision: Revision,
    /// What its handler reported since the last renewal; `None` leaves what is there.
    pub progress: Option<Progress>,
}

/// What became of a renewal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Renewed {
    /// The lease now ends then.
    Until(Timestamp),
    /// The row is locked just now, by its own completing transaction or an operator: neither lost nor extended.
    Busy,
    /// The job is no longer at that revision: somebody else changed it, or it is gone. Stop working on it.
    Lost,
}

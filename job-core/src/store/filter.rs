//! Which jobs to list, count and delete.

use super::Unreadable;
use crate::{Job, JobId, JobStatus, QueueName, Tag, Target, Timestamp, TypeName};
use std::{num::NonZeroU32, ops::RangeInclusive};

/// Which jobs: those that fit every given part. A part that is `None` lets all through; an empty list, none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// These very jobs.
    pub ids: Option<Vec<JobId>>,
    /// Ids in this range: what a typed prefix stands for, or jobs minted in a span of time.
    pub id_range: Option<RangeInclusive<JobId>>,
    /// Of one of these types.
    pub types: Option<Vec<TypeName>>,
    /// In one of these queues.
    pub queues: Option<Vec<QueueName>>,
    /// In one of these statuses.
    pub statuses: Option<Vec<JobStatus>>,
    /// About this.
    pub target: Option<Target>,
    /// With this tag.
    pub tag: Option<Tag>,
    /// Ready at this time: each, taken alone, is one that a claim with the clock at this time would start. That
    /// is, Waiting, due, neither its queue nor its type paused, and no job of its turn running.
    pub ready_at: Option<Timestamp>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// In which order.
    pub order: Order,
    /// The most jobs.
    pub limit: NonZeroU32,
    /// Behind this place of the same order; from the start if not given.
    pub after: Option<Cursor>,
}

/// In which order jobs are listed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Order {
    /// By id, the newest first.
    #[default]
    Newest,
    /// By id, the oldest first.
    Oldest,
    /// Queue by queue, in the order of their names, and within each as claims start them.
    Claim,
}

/// A place in a list. Jobs that are added or moved meanwhile do not shift it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Cursor {
    /// In the orders by id.
    Id(JobId),
    /// In the order of claims.
    Place {
        /// The queue.
        queue: QueueName,
        /// The rest: see [`Job::place`].
        place: (i32, Timestamp, JobId),
    },
}

impl Order {
    /// The place of `job` in this order.
    #[must_use]
    pub fn cursor(self, job: &Job) -> Cursor {
        match self {
            Self::Newest | Self::Oldest => Cursor::Id(job.id),
            Self::Claim => Cursor::Place { queue: job.state.queue().clone(), place: job.place() },
        }
    }
}

/// A page of jobs.
#[derive(Debug, Default)]
pub struct Listed {
    /// The rows, in the order asked for. One that does not decode is an `Err` in its place.
    pub rows: Vec<Result<Job, Unreadable>>,
    /// Where the next page starts; `None` if this is the last.
    pub next: Option<Cursor>,
}

impl Filter {
    /// These very jobs.
    #[must_use]
    pub fn ids(ids: impl IntoIterator<Item = JobId>) -> Self {
        Self { ids: Some(ids.into_iter().collect()), ..Self::default() }
    }

    /// Whether `job` fits, `ready_at`'s pauses and turns aside.
    #[must_use]
    pub fn fits(&self, job: &Job) -> bool {
        fn among<T: PartialEq>(list: Option<&Vec<T>>, it: &T) -> bool {
            list.is_none_or(|list| list.contains(it))
        }
        among(self.ids.as_ref(), &job.id)
            && self.id_range.as_ref().is_none_or(|it| it.contains(&job.id))
            && among(self.types.as_ref(), &job.spec.type_name)
            && among(self.queues.as_ref(), job.state.queue())
            && among(self.statuses.as_ref(), &job.state.status())
            && self.target.as_ref().is_none_or(|it| Some(it) == job.spec.target.as_ref())
            && self.tag.as_ref().is_none_or(|it| job.spec.tags.contains(it))
            && self.ready_at.is_none_or(|at| job.state.is_due(at))
    }
}

impl Page {
    /// The first page.
    #[must_use]
    pub const fn first(order: Order, limit: NonZeroU32) -> Self {
        Self { order, limit, after: None }
    }
}

/// An answer to a count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Counted {
    /// How many were counted; never more than the cap.
    pub jobs: u64,
    /// Whether more than that fit: the count stopped at its cap.
    pub at_least: bool,
}

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.at_least { "at least " } else { "" }, self.jobs)
    }
}

/// Which jobs to delete.
#[derive(Clone, Debug, PartialEq)]
pub enum Deletion {
    /// These, whatever their status. A running one ends as gone and stops nothing.
    Ids(Vec<JobId>),
    /// Old final jobs.
    Final {
        /// Those that ended before this.
        before: Timestamp,
        /// Those in one of these statuses; one that is not final selects nothing.
        statuses: Vec<JobStatus>,
        /// Those of one of these types; of all if `None`.
        types: Option<Vec<TypeName>>,
        /// The most jobs, the oldest ids first.
        limit: NonZeroU32,
        /// Of each type and target, the newest this many of all final jobs, by id, stay whatever their age. Jobs without
        /// a target are not held back.
        keep_newest: Option<NonZeroU32>,
    },
}

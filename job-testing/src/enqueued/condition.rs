//! One part of what a test expects of a job, in words and as a check.

use job_core::{Job, Timestamp};
use std::{
    fmt,
    ops::{Bound, RangeBounds},
};

type Holds<'a> = Box<dyn Fn(&Job) -> bool + Send + Sync + 'a>;

/// A condition on a job.
pub(super) struct Condition<'a> {
    /// In words: `queue: slow`.
    pub(super) wants: String,
    holds: Holds<'a>,
}

impl<'a> Condition<'a> {
    pub(super) fn new(wants: String, holds: impl Fn(&Job) -> bool + Send + Sync + 'a) -> Self {
        Self { wants, holds: Box::new(holds) }
    }

    pub(super) fn holds(&self, job: &Job) -> bool {
        (self.holds)(job)
    }
}

impl fmt::Debug for Condition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.wants).finish()
    }
}

/// A range of scheduled starts, in words.
pub(super) fn due(range: &impl RangeBounds<Timestamp>) -> String {
    let from = match range.start_bound() {
        Bound::Included(at) => format!(" from {at}"),
        Bound::Excluded(at) => format!(" after {at}"),
        Bound::Unbounded => String::new(),
    };
    let to = match range.end_bound() {
        Bound::Included(at) => format!(" until {at}"),
        Bound::Excluded(at) => format!(" before {at}"),
        Bound::Unbounded => String::new(),
    };
    format!("due:{from}{to}")
}

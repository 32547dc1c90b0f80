//! What can be done to a job, and the refusal when its status does not allow it.

use crate::JobStatus;
use std::fmt;

/// What can be done to a job.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "each is described at Job's method of the same name")]
pub enum Verb {
    Start,
    Complete,
    Fail,
    Retry,
    Snooze,
    Release,
    Lapse,
    Suspend,
    Resume,
    Cancel,
    Requeue,
    Reschedule,
}

impl Verb {
    /// Every verb, in the order of the design's table.
    pub const ALL: [Self; 12] = [
        Self::Start,
        Self::Complete,
        Self::Fail,
        Self::Retry,
        Self::Snooze,
        Self::Release,
        Self::Lapse,
        Self::Suspend,
        Self::Resume,
        Self::Cancel,
        Self::Requeue,
        Self::Reschedule,
    ];

    /// The verb in a word, lower case.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Complete => "complete",
            Self::Fail => "fail",
            Self::Retry => "retry",
            Self::Snooze => "snooze",
            Self::Release => "release",
            Self::Lapse => "lapse",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::Requeue => "requeue",
            Self::Reschedule => "reschedule",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The job is in no status for this verb. Nothing was changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidTransition {
    /// The job's status.
    pub from: JobStatus,
    /// What was asked.
    pub verb: Verb,
}

impl std::error::Error for InvalidTransition {}

impl fmt::Display for InvalidTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.verb) {
            // The status alone would allow these two; the time did not.
            (JobStatus::Waiting, Verb::Start) => {
                f.write_str("cannot start a waiting job before its scheduled start")
            }
            (JobStatus::Running, Verb::Lapse) => {
                f.write_str("cannot lapse a running job whose lease has not ended")
            }
            (from, verb) => write!(f, "cannot {verb} a job that is {from}"),
        }
    }
}

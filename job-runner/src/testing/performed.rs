//! What became of one attempt.

use job_core::{Ask, Job, JobStatus, LogNote, Notice, Outcome, Progress, Reply, Text, Timestamp};
use std::time::Duration;

/// What an attempt that [`Perform`](crate::Perform) made came to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Performed {
    /// The job as its handler saw it: started, with its attempt counted.
    pub job: Job,
    /// How the attempt ended.
    pub outcome: Outcome,
    /// The error and its sources, the outermost first.
    pub errors: Vec<Text>,
    /// Who a runner would have told.
    pub notice: Notice,
    /// What the store answered to its end: [`Reply::Applied`], unless somebody changed the job meanwhile, or the handler
    /// completed it in a transaction of its own.
    pub reply: Reply,
    /// The job as it is stored now; `None` if it is gone.
    pub after: Option<Job>,
    /// The lines that the handler kept with the job, in order.
    pub logged: Vec<LogNote>,
    /// The progress that it reported, in order; a runner stores only the last of a beat.
    pub progress: Vec<Progress>,
    /// When all this was, by the store's time.
    pub at: Timestamp,
}

impl Performed {
    /// Where the job is now.
    ///
    /// # Panics
    ///
    /// If it is gone: [`after`](Self::after) is a question then.
    #[must_use]
    pub fn status(&self) -> JobStatus {
        match &self.after {
            Some(job) => job.state.status(),
            None => panic!("job {} was deleted while it ran", self.job.id),
        }
    }

    /// What the handler asked for, if anything.
    #[must_use]
    pub fn asked(&self) -> Option<&Ask> {
        match &self.outcome {
            Outcome::Asked(ask, _) => Some(ask),
            _ => None,
        }
    }

    /// The error, in one text.
    #[must_use]
    pub fn error(&self) -> Option<Text> {
        self.outcome.error()
    }

    /// How long the job waits until it may be tried again, if it waits.
    #[must_use]
    pub fn delay(&self) -> Option<Duration> {
        let state = &self.after.as_ref()?.state;
        (state.status() == JobStatus::Waiting).then(|| state.scheduled_start().since(self.at))
    }
}

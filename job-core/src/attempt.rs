//! One run of a job, as its handler sees it.

use crate::{BoxFuture, Job, JobId, Text};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};

/// One run of a job: its record, the section's context, and the line to the runner.
///
/// The runner builds its own instance from the row: what a test holds in its hand is not what runs.
#[derive(Clone, Debug)]
pub struct Attempt<C = ()> {
    /// What the section's setup made: connection pools, clients, settings.
    pub context: C,
    job: Arc<Job>,
    handle: Arc<dyn AttemptHandle>,
}

impl<C> Attempt<C> {
    /// An attempt at `job`. For runners.
    #[must_use]
    pub fn new(context: C, job: Arc<Job>, handle: Arc<dyn AttemptHandle>) -> Self {
        Self { context, job, handle }
    }

    /// The job as it was when this attempt was claimed.
    #[must_use]
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// The job's id, the same for all its attempts: a key for idempotent calls to others.
    #[must_use]
    pub fn id(&self) -> JobId {
        self.job.id
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.job.state.attempt_count()
    }

    /// Whether a failure now would be the job's last.
    #[must_use]
    pub fn is_last(&self) -> bool {
        !self.job.attempts_left()
    }

    /// Whether the handler should stop: its time is up, its runner shuts down, or it lost the job.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.handle.is_cancelled()
    }

    /// Ends when the handler should stop. Nothing is aborted: a handler that ignores it runs on, but what it
    /// writes to its job is stale once somebody else took it.
    pub async fn cancelled(&self) {
        self.handle.cancelled().await;
    }

    /// How long until this attempt times out: a limit for outgoing calls.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.handle.time_left()
    }

    /// Reports how far the work is. Kept with the lease at the next heartbeat; the last report counts. Where the retry
    /// policy [resets on progress](crate::RetryPolicy::reset_on_progress), any report makes the attempt one with progress.
    pub fn progress(&self, progress: Progress) {
        self.handle.progress(progress);
    }

    /// Keeps a line with the job, for whoever looks at it later, and logs it.
    pub fn log(&self, level: LogLevel, text: impl fmt::Display) {
        self.handle.log(level, Text::new(text));
    }
}

/// What a runner offers an attempt. The core only names it, so it needs no async runtime.
pub trait AttemptHandle: fmt::Debug + Send + Sync {
    /// See [`Attempt::is_cancelled`].
    fn is_cancelled(&self) -> bool;
    /// See [`Attempt::cancelled`].
    fn cancelled(&self) -> BoxFuture<'_, ()>;
    /// See [`Attempt::time_left`].
    fn time_left(&self) -> Duration;
    /// See [`Attempt::progress`].
    fn progress(&self, progress: Progress);
    /// See [`Attempt::log`].
    fn log(&self, level: LogLevel, text: Text);
}

/// How far an attempt is.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct Progress {
    /// Per cent, 0 to 100.
    pub percent: u8,
    /// In words.
    pub text: Option<Text>,
}

impl Progress {
    /// `percent` per cent, at most 100.
    #[must_use]
    pub fn percent(percent: u8) -> Self {
        Self { percent: percent.min(100), text: None }
    }

    /// With words.
    #[must_use]
    pub fn saying(self, text: impl fmt::Display) -> Self {
        Self { text: Some(Text::new(text)), ..self }
    }
}

/// How urgent a line is that a handler logs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For developers.
    Debug,
    /// Worth knowing.
    Info,
    /// Somebody should look at it.
    Warn,
    /// Something is broken.
    Error,
}

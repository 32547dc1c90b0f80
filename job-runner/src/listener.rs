//! A runner's end of an attempt that a test makes: it keeps what the handler says.

use crate::clock::{Instant, RunnerClock};
use job_core::{AttemptHandle, BoxFuture, LogLevel, LogNote, Progress, Text};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Keeps what a handler says, until it is asked for it.
#[derive(Debug)]
pub(crate) struct Listener {
    /// Fires when the handler should stop.
    pub(crate) stop: CancellationToken,
    attempt: u32,
    clock: Arc<RunnerClock>,
    deadline: Option<Instant>,
    said: Mutex<Said>,
}

/// What a handler said, in order.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) logged: Vec<LogNote>,
    pub(crate) progress: Vec<Progress>,
}

impl Listener {
    /// For the attempt with this number, which has `limit` from now.
    pub(crate) fn new(attempt: u32, limit: Duration, clock: Arc<RunnerClock>) -> Self {
        let deadline = clock.instant().checked_add(limit);
        Self { stop: CancellationToken::new(), attempt, clock, deadline, said: Mutex::default() }
    }

    /// What was said until now.
    pub(crate) fn said(&self) -> Said {
        std::mem::take(&mut self.said.lock())
    }
}

impl AttemptHandle for Listener {
    fn is_cancelled(&self) -> bool {
        self.stop.is_cancelled()
    }

    fn cancelled(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.stop.cancelled())
    }

    fn time_left(&self) -> Duration {
        let left = |it: Instant| it.saturating_duration_since(self.clock.instant());
        self.deadline.map_or(Duration::MAX, left)
    }

    fn progress(&self, progress: Progress) {
        self.said.lock().progress.push(progress);
    }

    fn log(&self, level: LogLevel, text: Text) {
        self.said.lock().logged.push(LogNote { attempt: self.attempt, level, text });
    }
}

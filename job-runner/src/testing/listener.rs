//! A runner's end of an attempt that a test makes: it keeps all that the handler says.

use crate::attempt::running::Running;
use job_core::{AttemptHandle, BoxFuture, LogLevel, Progress, Text};
use parking_lot::Mutex;
use std::time::Duration;

/// An attempt under way, whose reports of progress are all kept; a runner needs only the last one.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) running: Running,
    progress: Mutex<Vec<Progress>>,
}

impl Listener {
    pub(crate) fn new(running: Running) -> Self {
        Self { running, progress: Mutex::default() }
    }

    /// The progress that was reported until now, in order.
    pub(crate) fn take_progress(&self) -> Vec<Progress> {
        std::mem::take(&mut self.progress.lock())
    }
}

impl AttemptHandle for Listener {
    fn is_cancelled(&self) -> bool {
        self.running.is_cancelled()
    }

    fn cancelled(&self) -> BoxFuture<'_, ()> {
        self.running.cancelled()
    }

    fn time_left(&self) -> Duration {
        self.running.time_left()
    }

    fn progress(&self, progress: Progress) {
        self.progress.lock().push(progress.clone());
        self.running.progress(progress);
    }

    fn log(&self, level: LogLevel, text: Text) {
        self.running.log(level, text);
    }
}

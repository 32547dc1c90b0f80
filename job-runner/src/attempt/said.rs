//! What a handler has said, until it is stored.

use job_core::{Note, Progress};
use parking_lot::Mutex;

/// The most lines of one attempt that wait to be stored; what comes beyond them is only logged.
const LINES_MOST: usize = 1000;

/// What a handler said since the last beat.
#[derive(Debug, Default)]
pub(crate) struct Said(Mutex<Words>);

#[derive(Debug, Default)]
struct Words {
    progress: Option<Progress>,
    /// Whether there ever was any.
    progressed: bool,
    lines: Vec<Note>,
}

impl Said {
    pub(crate) fn progress(&self, progress: Progress) {
        let mut said = self.0.lock();
        (said.progress, said.progressed) = (Some(progress), true);
    }

    pub(crate) fn line(&self, line: Note) {
        let mut said = self.0.lock();
        if said.lines.len() < LINES_MOST {
            said.lines.push(line);
        }
    }

    /// The progress that was not stored yet.
    pub(crate) fn take_progress(&self) -> Option<Progress> {
        self.0.lock().progress.take()
    }

    /// `progress` could not be stored; it is kept unless there is newer.
    pub(crate) fn keep_progress(&self, progress: Progress) {
        self.0.lock().progress.get_or_insert(progress);
    }

    /// Whether there ever was any progress.
    pub(crate) fn has_progressed(&self) -> bool {
        self.0.lock().progressed
    }

    /// The lines that were not stored yet.
    pub(crate) fn take_lines(&self) -> Vec<Note> {
        std::mem::take(&mut self.0.lock().lines)
    }
}

//! How a command ends.

use std::process::ExitCode;

/// How a command ends, as its parent process sees it. The numbers are documented in the help of `run-jobs`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Exit {
    /// It did what it was asked.
    Done,
    /// It could not, or not wholly.
    Failed,
    /// It was asked for what makes no sense; nothing was done.
    Wrong,
    /// This signal stopped it.
    Stopped(u8),
}

impl Exit {
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Wrong => 2,
            // What a shell says of a process that a signal ended.
            Self::Stopped(signal) => 128 + signal,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(it: Exit) -> Self {
        it.number().into()
    }
}

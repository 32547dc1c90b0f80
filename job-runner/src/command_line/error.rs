//! Why a command did not do what it was asked, in words that say what to do.

use super::exit::Exit;
use crate::{BuildError, config::ConfigError};
use job_core::{
    BoxError, IdPrefix, InvalidTransition, JobStatus, SectionName,
    store::{OpenError, OperateError, StoreError},
};
use std::{
    error::Error,
    io::{self, Write},
};

/// A command, or one section of it, did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    /// The command was typed wrong; the text includes the usage.
    #[error("{0}")]
    Usage(String),
    /// There is no configuration, and the command needs one, or a store at least.
    #[error("{problem}.\n\n{advice}")]
    NoConfig { problem: String, advice: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The program, or a section, does not hold together.
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error("{0}")]
    NoUrl(String),
    /// Only the scheme is told: the rest may hold a password.
    #[error("this program opens no `{scheme}:` store; it opens {known}")]
    UnknownScheme { scheme: String, known: String },
    #[error(
        "a memory: store lives inside one process and ends with it, so this command would only see an empty one \
         of its own; name another store"
    )]
    Memory,
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the setup of section {section} failed")]
    Setup { section: SectionName, source: BoxError },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Operate(#[from] OperateError),
    /// Of several ids, it says which.
    #[error("job {prefix}: {problem}")]
    NotAllowed { prefix: IdPrefix, problem: InvalidTransition },
    /// There is no queue, type or section of this name.
    #[error("{0}")]
    UnknownName(String),
    /// What was paused did not end in time. It stays paused.
    #[error("{0}")]
    StillRunning(String),
    #[error("no job's id begins with {0}; `jobs list` shows those there are")]
    NoJob(IdPrefix),
    #[error("{prefix} is the beginning of several ids; give more digits:\n{candidates}")]
    Ambiguous { prefix: IdPrefix, candidates: String },
    #[error(
        "suspended job {0} is not retried: it waits for `jobs resume`, which leaves its attempts as they are"
    )]
    Suspended(IdPrefix),
    #[error(
        "job {prefix} is {status}, and its work would be lost with it: `jobs cancel` ends it and keeps a record; \
         --force deletes it all the same"
    )]
    Pending { prefix: IdPrefix, status: JobStatus },
    #[error("job {prefix} cannot be read, nor whether its work is done; --force deletes it all the same")]
    Unreadable { prefix: IdPrefix, source: BoxError },
    #[error("nothing can be written to standard output")]
    Output(#[from] io::Error),
    #[error("the async runtime cannot be started: the system is out of threads or files")]
    Runtime(#[source] io::Error),
}

impl CommandError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::NoConfig { .. }
            | Self::Config(_)
            | Self::Build(_)
            | Self::NoUrl(_)
            | Self::UnknownScheme { .. }
            | Self::Memory => Exit::Wrong,
            // Whoever read the output has seen enough, as `head` does.
            Self::Output(source) if source.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            _ => Exit::Failed,
        }
    }

    /// Whether it is about one job, and no reason to leave others alone.
    pub(super) const fn is_of_one_job(&self) -> bool {
        match self {
            Self::NotAllowed { .. }
            | Self::NoJob(_)
            | Self::Ambiguous { .. }
            | Self::Suspended(_)
            | Self::Pending { .. }
            | Self::Unreadable { .. } => true,
            Self::Store(error) | Self::Operate(OperateError::Store(error)) => {
                matches!(error, StoreError::Corrupt { .. })
            }
            Self::Operate(_) => true,
            _ => false,
        }
    }

    /// Tells the user, on standard error.
    pub(super) fn print(&self) {
        if self.exit() != Exit::Done {
            // Where standard error is closed, the exit code alone must do.
            let _ = writeln!(io::stderr(), "error: {}", explained(self, "\n  because: "));
        }
    }
}

/// The error and its sources, but for those that it already quotes. The kind of error that kept a store from being
/// opened is left out too: it says less than the advice, and where that speaks of a file, nothing of use.
pub(super) fn explained(error: &(dyn Error + 'static), because: &str) -> String {
    let mut text = error.to_string();
    let mut advised = is_open(error);
    let mut next = error.source();
    while let Some(source) = next {
        let more = source.to_string();
        if !(text.contains(&more) || advised && source.is::<StoreError>()) {
            text = format!("{text}{because}{more}");
        }
        advised = is_open(source);
        next = source.source();
    }
    text
}

/// Whether the error is of opening a store, or passes for one.
fn is_open(error: &(dyn Error + 'static)) -> bool {
    error.is::<OpenError>() || matches!(error.downcast_ref(), Some(CommandError::Open(_)))
}

//! Why a worker could not run, or not on.

use crate::RunReport;
use job_core::{
    SectionName, Text,
    store::{OpenError, StoreError},
};
use std::io;

/// A worker could not start, or not go on. Neither a job that fails nor a store that is away is any of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The heart's own handle of the store could not be opened. Nothing was done.
    #[error("the heart of the worker cannot open the store")]
    Open(#[from] OpenError),
    /// A thread of the worker could not be started. Nothing was done.
    #[error("a thread of the worker cannot be started; the system is out of them")]
    Threads(#[source] io::Error),
    /// A hook refused the run, failed before it, or did not answer. Nothing was run.
    #[error("the worker of section {section} does not run: its hook {hook} says no: {problem}")]
    Hook {
        /// The section.
        section: SectionName,
        /// The hook's name.
        hook: &'static str,
        /// What it said.
        problem: Text,
    },
    /// The store refuses the worker, or has other tables than it knows; or it was away when the worker was told to stop.
    /// Jobs that ran then are found again once their leases end.
    #[error("the worker of section {section} cannot go on")]
    Store {
        /// The section.
        section: SectionName,
        /// What the store said last.
        source: StoreError,
        /// What was done until then.
        report: Box<RunReport>,
    },
    /// The part of the worker that renews leases has broken. It claimed nothing more, and settled what it could.
    #[error("the heart of the worker of section {section} has stopped; start the worker again")]
    HeartStopped {
        /// The section.
        section: SectionName,
        /// What was done until then.
        report: Box<RunReport>,
    },
}

impl WorkerError {
    /// What was done before it happened; `None` if nothing was.
    #[must_use]
    pub fn report(&self) -> Option<&RunReport> {
        match self {
            Self::Store { report, .. } | Self::HeartStopped { report, .. } => Some(report),
            Self::Open(_) | Self::Threads(_) | Self::Hook { .. } => None,
        }
    }
}

//! Why a section could not run, or not to its end.

use crate::RunReport;
use job_core::{
    SectionName, Text, Timestamp,
    store::{OpenError, StoreError},
};
use std::{io, time::Duration};

/// A section could not run, or not to its end. A job that fails is none of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// Another script of the section runs. Nothing was done: wait for it, or try again later.
    #[error("section {section} is running elsewhere: {holder}; its lock holds until {until}")]
    SectionRunning {
        /// The section.
        section: SectionName,
        /// Who runs it, for people: host and process id.
        holder: Text,
        /// When its lock ends, unless it is renewed, by the store's clock.
        until: Timestamp,
        /// How long that is from now.
        left: Duration,
    },
    /// An operator has disabled the section. Nothing was done.
    #[error("section {section} is disabled; enable it to run its jobs")]
    SectionDisabled {
        /// The section.
        section: SectionName,
    },
    /// The section's lock was lost on the way: this script was not heard of for a whole lease. It claimed nothing
    /// more, and settled what it could.
    #[error(
        "section {section} lost its lock, because it was not renewed in time; the rest is left to the next run"
    )]
    LockLost {
        /// The section.
        section: SectionName,
        /// What was done until then.
        report: Box<RunReport>,
    },
    /// Handlers that ran out of time and do not end hold every slot, so that nothing more was claimed. What was started
    /// was settled.
    #[error(
        "section {section} could not run to its end: handlers that ran out of time and do not end hold all its slots; \
         what is left is left to the next run"
    )]
    Stuck {
        /// The section.
        section: SectionName,
        /// What was done until then.
        report: Box<RunReport>,
    },
    /// A hook refused the run, failed before it, or did not answer. Nothing was run.
    #[error("section {section} was not run: its hook {hook} says no: {problem}")]
    Hook {
        /// The section.
        section: SectionName,
        /// The hook's name.
        hook: &'static str,
        /// What it said.
        problem: Text,
    },
    /// The heart's own handle of the store could not be opened. Nothing was done.
    #[error("the heart of the runner cannot open the store")]
    Open(#[from] OpenError),
    /// A thread of the runner could not be started. Nothing was done.
    #[error("a thread of the runner cannot be started; the system is out of them")]
    Threads(#[source] io::Error),
    /// The store broke, or could not be reached for a whole lease. Jobs that ran then are found again once their
    /// leases end.
    #[error("section {section} could not run to its end")]
    Store {
        /// The section.
        section: SectionName,
        /// What the store said last.
        source: StoreError,
        /// What was done until then.
        report: Box<RunReport>,
    },
}

impl ScriptError {
    /// What was done before it happened; `None` if nothing was.
    #[must_use]
    pub fn report(&self) -> Option<&RunReport> {
        match self {
            Self::LockLost { report, .. } | Self::Stuck { report, .. } | Self::Store { report, .. } => {
                Some(report)
            }
            Self::SectionRunning { .. }
            | Self::SectionDisabled { .. }
            | Self::Hook { .. }
            | Self::Open(_)
            | Self::Threads(_) => None,
        }
    }
}

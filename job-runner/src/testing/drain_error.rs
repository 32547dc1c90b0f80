//! Why a drain did not come to its end.

use crate::{BuildError, RunReport, ScriptError};
use job_core::store::StoreError;

/// A drain did not come to its end. A job that fails is none of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrainError {
    /// The settings do not fit the registry.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A round could not run.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The store could not say what is left.
    #[error("the store did not say what is left to run")]
    Store(#[from] StoreError),
    /// Attempts failed, and none may: [`Drain::strict`](crate::Drain::strict).
    #[error("attempts failed:{}", listed(.failures))]
    Failed {
        /// Each in a sentence, the oldest first.
        failures: Vec<String>,
        /// What was done until then.
        report: Box<RunReport>,
    },
    /// There is always something due: a job that creates its like, or puts itself off for ever.
    #[error(
        "after {attempts} attempts there is still something due: does a job create its like, or snooze for ever?"
    )]
    Endless {
        /// How many attempts were started.
        attempts: u64,
        /// What was done until then.
        report: Box<RunReport>,
    },
}

fn listed(failures: &[String]) -> String {
    failures.iter().map(|it| format!("\n  {it}")).collect()
}

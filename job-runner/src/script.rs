//! A script: one run over everything that is due, then the end. The cron mode.

use crate::{
    BuildError, Registry, RunReport, ScriptError, SectionSettings,
    run::{
        script_run::ScriptRun,
        setup::{Setup, setup_methods},
    },
};
use job_core::{LockName, store::Opened};
use std::sync::Arc;

/// One run of a section: everything that was due when it began, and then the end.
#[derive(Debug)]
pub struct Script<C> {
    pub(crate) setup: Setup<C>,
    /// The lock of its section.
    pub(crate) lock: LockName,
}

impl<C: Clone + Send + Sync + 'static> Script<C> {
    /// A run of the section of `settings`, over jobs of `opened`, each with a clone of `context`.
    ///
    /// # Errors
    ///
    /// [`BuildError`], by what has to be changed.
    pub fn new(
        opened: Opened,
        registry: impl Into<Arc<Registry<C>>>,
        context: C,
        settings: SectionSettings,
    ) -> Result<Self, BuildError> {
        let lock = LockName::new(format!("section/{}", settings.name));
        Ok(Self { setup: Setup::new(opened, registry.into(), context, settings)?, lock: lock? })
    }

    setup_methods!();

    /// Runs the section: gives back or fails the jobs of runners that died, then runs everything that is due, and
    /// ends when nothing of it is left. What is enqueued or put off meanwhile is left to the next run.
    ///
    /// # Errors
    ///
    /// [`ScriptError`] if the section could not run, or not to its end. A job that fails is no error.
    pub async fn run(self) -> Result<RunReport, ScriptError> {
        ScriptRun::new(self)?.run().await
    }
}

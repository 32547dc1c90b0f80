//! A script: one run over everything that is due, then the end. The cron mode.

use crate::{
    BuildError, Place, Registry, RunReport, ScriptError, SectionSettings,
    run::{
        script_run::ScriptRun,
        setup::{Setup, setup_methods},
    },
};
use job_core::{LockName, SectionName, store::Opened};
use std::{num::NonZeroU32, sync::Arc};

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

    /// For tests: all registered types, ten at a time, everything a task of the test's runtime.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn in_test(
        opened: Opened,
        registry: impl Into<Arc<Registry<C>>>,
        context: C,
    ) -> Result<Self, BuildError> {
        let settings = SectionSettings {
            concurrency: NonZeroU32::MIN.saturating_add(9),
            ..SectionSettings::new(SectionName::new("test")?)
        };
        Ok(Self::new(opened, registry, context, settings)?.place(Place::Here))
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

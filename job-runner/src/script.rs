//! A script: one run over everything that is due, then the end. The cron mode.

use crate::{
    BuildError, LogNotifier, Notifier, Place, Registry, Reporter, RunReport, ScriptError, SectionSettings,
    heart_thread::Own, run::Run,
};
use job_core::{
    LockName, SectionName, TypeName,
    store::{Opened, Opener, StoreUrl},
};
use std::{fmt, sync::Arc};
use tokio_util::sync::CancellationToken;

/// One run of a section: everything that was due when it began, and then the end.
pub struct Script<C> {
    pub(crate) opened: Opened,
    pub(crate) registry: Arc<Registry<C>>,
    pub(crate) context: C,
    pub(crate) settings: SectionSettings,
    /// The types it runs.
    pub(crate) types: Vec<TypeName>,
    /// The lock of its section.
    pub(crate) lock: LockName,
    pub(crate) place: Place,
    pub(crate) heart_store: Own,
    pub(crate) stop: CancellationToken,
    pub(crate) reporter: Option<Arc<dyn Reporter>>,
    pub(crate) notifier: Arc<dyn Notifier>,
}

impl<C> fmt::Debug for Script<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("settings", &self.settings).finish_non_exhaustive()
    }
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
        let registry = registry.into();
        registry.check()?;
        settings.check()?;
        let types = registry.selected(&settings.types)?;
        let lock = LockName::new(format!("section/{}", settings.name))?;
        settings.retention.map_or(Ok(()), |it| registry.check_retention(it))?;
        Ok(Self {
            opened,
            registry,
            context,
            types,
            lock,
            settings,
            place: Place::Threads,
            heart_store: None,
            stop: CancellationToken::new(),
            reporter: None,
            notifier: Arc::new(LogNotifier),
        })
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
            concurrency: std::num::NonZeroU32::MIN.saturating_add(9),
            ..SectionSettings::new(SectionName::new("test")?)
        };
        Ok(Self::new(opened, registry, context, settings)?.place(Place::Here))
    }

    /// Where its loops live; [`Place::Threads`] if not said.
    #[must_use]
    pub fn place(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// How the heart, on its own thread, opens its own handle of the same store; else it shares the script's.
    /// Needed where a connection is driven by the runtime that opened it.
    #[must_use]
    pub fn heart_store(self, opener: Arc<dyn Opener>, url: StoreUrl) -> Self {
        Self { heart_store: Some((opener, url)), ..self }
    }

    /// Once `stop` fires, nothing more is claimed. Running handlers are told, and have the section's grace to end;
    /// the rest is released, with its attempt given back.
    #[must_use]
    pub fn stop_token(self, stop: CancellationToken) -> Self {
        Self { stop, ..self }
    }

    /// Where error reports go; if not said, to files in the section's `report_dir`, or to the log.
    #[must_use]
    pub fn reporter(self, reporter: Arc<dyn Reporter>) -> Self {
        Self { reporter: Some(reporter), ..self }
    }

    /// Who tells people of user errors; [`LogNotifier`] if not said.
    #[must_use]
    pub fn notifier(self, notifier: Arc<dyn Notifier>) -> Self {
        Self { notifier, ..self }
    }

    /// Runs the section: gives back or fails the jobs of runners that died, then runs everything that is due, and
    /// ends when nothing of it is left. What is enqueued or put off meanwhile is left to the next run.
    ///
    /// # Errors
    ///
    /// [`ScriptError`] if the section could not run, or not to its end. A job that fails is no error.
    pub async fn run(self) -> Result<RunReport, ScriptError> {
        Run::new(self)?.run().await
    }
}

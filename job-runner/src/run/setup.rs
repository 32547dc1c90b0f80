//! What a run is made of, whether it is a script's or a worker's.

use crate::{BuildError, Hooks, LogNotifier, Notifier, Place, Registry, Reporter, SectionSettings};
use job_core::{TypeName, store::Opened};
use std::{fmt, sync::Arc};
use tokio_util::sync::CancellationToken;

/// What a run is made of.
pub(crate) struct Setup<C> {
    pub(crate) opened: Opened,
    pub(crate) registry: Arc<Registry<C>>,
    pub(crate) context: C,
    pub(crate) settings: SectionSettings,
    /// The types it runs.
    pub(crate) types: Vec<TypeName>,
    pub(crate) place: Place,
    pub(crate) stop: CancellationToken,
    pub(crate) release: CancellationToken,
    pub(crate) reporter: Option<Arc<dyn Reporter>>,
    pub(crate) notifier: Arc<dyn Notifier>,
    pub(crate) hooks: Vec<Arc<dyn Hooks>>,
}

impl<C> fmt::Debug for Setup<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<C: Clone + Send + Sync + 'static> Setup<C> {
    pub(crate) fn new(
        opened: Opened,
        registry: Arc<Registry<C>>,
        context: C,
        settings: SectionSettings,
    ) -> Result<Self, BuildError> {
        registry.check()?;
        settings.check()?;
        let types = registry.selected(&settings.types)?;
        settings.retention.map_or(Ok(()), |it| registry.check_retention(it))?;
        Ok(Self {
            opened,
            registry,
            context,
            settings,
            types,
            place: Place::Threads,
            stop: CancellationToken::new(),
            release: CancellationToken::new(),
            reporter: None,
            notifier: Arc::new(LogNotifier),
            hooks: Vec::new(),
        })
    }
}

/// The part of a builder that scripts and workers have in common: what of their [`Setup`] need not be said.
macro_rules! setup_methods {
    () => {
        /// For tests: all registered types, ten at a time, everything a task of the test's runtime.
        ///
        /// # Errors
        ///
        /// As [`new`](Self::new).
        pub fn in_test(
            opened: job_core::store::Opened,
            registry: impl Into<std::sync::Arc<crate::Registry<C>>>,
            context: C,
        ) -> Result<Self, crate::BuildError> {
            let ten = std::num::NonZeroU32::MIN.saturating_add(9);
            let settings = crate::SectionSettings::in_test(ten)?;
            Ok(Self::new(opened, registry, context, settings)?.place(crate::Place::Here))
        }

        /// Where its loops live; [`Place::Threads`](crate::Place::Threads) by default.
        #[must_use]
        pub fn place(mut self, place: crate::Place) -> Self {
            self.setup.place = place;
            self
        }

        /// Once `stop` fires, nothing more is claimed. Running handlers are told, and have the section's grace to end;
        /// the rest is released, with its attempt given back.
        #[must_use]
        pub fn stop_token(mut self, stop: tokio_util::sync::CancellationToken) -> Self {
            self.setup.stop = stop;
            self
        }

        /// Once `release` fires, it stops without any grace: everything is released at once, and it ends within a
        /// second or so, whatever the handlers and the store do.
        #[must_use]
        pub fn release_token(mut self, release: tokio_util::sync::CancellationToken) -> Self {
            self.setup.release = release;
            self
        }

        /// Where error reports go; by default to files in the section's `report_dir`, or to the log.
        #[must_use]
        pub fn reporter(mut self, reporter: impl crate::Reporter) -> Self {
            self.setup.reporter = Some(std::sync::Arc::new(reporter));
            self
        }

        /// Who tells people of user errors; [`LogNotifier`](crate::LogNotifier) by default.
        #[must_use]
        pub fn notifier(mut self, notifier: impl crate::Notifier) -> Self {
            self.setup.notifier = std::sync::Arc::new(notifier);
            self
        }

        /// Adds hooks; they are called after those that were added before.
        #[must_use]
        pub fn hooks(mut self, hooks: impl crate::Hooks) -> Self {
            self.setup.hooks.push(std::sync::Arc::new(hooks));
            self
        }
    };
}
pub(crate) use setup_methods;

//! What a test runs jobs with: the same for all of them at once and for one attempt.

use crate::{BuildError, Registry};
use job_core::store::Opened;
use std::sync::Arc;

/// A store, the types of its jobs, and their context.
#[derive(Clone)]
pub(crate) struct Ground<C> {
    pub(crate) opened: Opened,
    pub(crate) registry: Arc<Registry<C>>,
    pub(crate) context: C,
}

impl<C: Clone + Send + Sync + 'static> Ground<C> {
    /// As a script would take it, with all registered types.
    pub(crate) fn new(
        opened: Opened,
        registry: impl Into<Arc<Registry<C>>>,
        context: C,
    ) -> Result<Self, BuildError> {
        let registry = registry.into();
        registry.check()?;
        registry.selected(&[])?;
        Ok(Self { opened, registry, context })
    }
}

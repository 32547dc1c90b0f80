//! The names that a program and its configuration know.

use super::{args::Place, error::CommandError};
use crate::{
    Registry,
    config::{Config, ConfigError},
};
use job_core::{QueueName, TypeName};

/// The job types of a program, and their queues.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) types: Vec<TypeName>,
    /// The queues that jobs of these types are put into, by their type or by its slow lane.
    pub(super) queues: Vec<QueueName>,
}

impl Known {
    pub(super) fn of<C: Clone + Send + Sync + 'static>(registry: &Registry<C>) -> Self {
        let types = registry.type_names();
        Self { queues: registry.queues(&types, &[]), types }
    }

    /// Those of the program, and those that sections of the configuration name.
    pub(super) fn queues_with(&self, config: Option<&Config>) -> Vec<QueueName> {
        let sections = config.into_iter().flat_map(Config::sections);
        let named = sections.flat_map(|it| {
            let settings = it.settings();
            settings.queues.into_iter().chain(settings.queue_limits.into_keys())
        });
        let mut queues: Vec<QueueName> = self.queues.iter().cloned().chain(named).collect();
        queues.sort_unstable();
        queues.dedup();
        queues
    }
}

/// The configuration, for a command that can do without one.
pub(super) fn config(place: &Place) -> Result<Option<Config>, CommandError> {
    match Config::find(place.config.as_deref()) {
        Ok(config) => Ok(Some(config)),
        Err(ConfigError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

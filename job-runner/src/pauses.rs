//! The pauses that concern a section: of its types, and of the queues it looks into.

use job_core::{
    JobStatus, QueueName, TypeName,
    store::{Filter, JobStore, JobStoreExt, StoreError, Switch},
};
use std::sync::Arc;

/// What of a section is paused.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Pauses {
    pub(crate) types: Vec<TypeName>,
    pub(crate) queues: Vec<QueueName>,
}

impl Pauses {
    /// Those of the switches that are `on` that concern a section of these `types` and `queues`.
    pub(crate) fn among(on: Vec<Switch>, types: &[TypeName], queues: &[QueueName]) -> Self {
        let mut pauses = Self::default();
        for switch in on {
            match switch {
                Switch::PauseType(name) if types.contains(&name) => pauses.types.push(name),
                Switch::PauseQueue(name) if queues.contains(&name) => pauses.queues.push(name),
                _ => {}
            }
        }
        pauses
    }

    /// Those that hold back at least one job of the section, due or not: a store does not tell which jobs would be ready
    /// if they were not paused.
    pub(crate) async fn with_jobs(
        self,
        store: &Arc<dyn JobStore>,
        types: &[TypeName],
        queues: &[QueueName],
    ) -> Result<Self, StoreError> {
        let any = async |types: &[TypeName], queues: &[QueueName]| {
            let waiting = Filter {
                types: Some(types.to_vec()),
                queues: Some(queues.to_vec()),
                statuses: Some(vec![JobStatus::Waiting]),
                ..Filter::default()
            };
            store.any(&waiting).await
        };
        let mut held_back = Self::default();
        for name in self.types {
            if any(std::slice::from_ref(&name), queues).await? {
                held_back.types.push(name);
            }
        }
        for name in self.queues {
            if any(types, std::slice::from_ref(&name)).await? {
                held_back.queues.push(name);
            }
        }
        Ok(held_back)
    }
}

//! The third trait of a store: what claims and scripts look at before they start anything.

use super::StoreError;
use crate::{QueueName, SectionName, TypeName};
use async_trait::async_trait;
use std::fmt::{self, Debug};

/// Keeps pauses and disabled sections, for everybody who uses the store.
///
/// # Errors
///
/// Both methods fail with [`StoreError`] when the store broke.
#[async_trait]
pub trait Switches: Debug + Send + Sync + 'static {
    /// Sets a switch. Effective for every claim that begins after this returned; setting it twice is no error.
    async fn set(&self, switch: &Switch, on: bool) -> Result<(), StoreError>;

    /// The switches that are on, in their order.
    async fn switches(&self) -> Result<Vec<Switch>, StoreError>;
}

/// What can be switched. On means that nothing is started.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Switch {
    /// Nothing of this queue is started.
    PauseQueue(QueueName),
    /// Nothing of this type is started.
    PauseType(TypeName),
    /// Scripts and workers do not run this section.
    DisableSection(SectionName),
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PauseQueue(name) => write!(f, "queue {name} paused"),
            Self::PauseType(name) => write!(f, "type {name} paused"),
            Self::DisableSection(name) => write!(f, "section {name} disabled"),
        }
    }
}

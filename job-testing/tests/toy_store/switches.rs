//! The third trait: pauses and disabled sections.

use crate::store::ToyStore;
use async_trait::async_trait;
use job_core::store::{StoreError, Switch, Switches};

#[async_trait]
impl Switches for ToyStore {
    async fn set(&self, switch: &Switch, on: bool) -> Result<(), StoreError> {
        let switches = &mut self.table().switches;
        if on {
            switches.insert(switch.clone())
        } else {
            switches.remove(switch)
        };
        Ok(())
    }

    async fn switches(&self) -> Result<Vec<Switch>, StoreError> {
        Ok(self.table().switches.iter().cloned().collect())
    }
}

//! Switches: the set of those that are on.

use crate::store::MemStore;
use async_trait::async_trait;
use job_core::store::{StoreError, Switch, Switches};

#[async_trait]
impl Switches for MemStore {
    async fn set(&self, switch: &Switch, on: bool) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if on {
            tables.switches.insert(switch.clone());
        } else {
            tables.switches.remove(switch);
            // What was held back is work again, and of a type in any queue.
            self.bells().ring(tables.jobs.waiting().queues());
        }
        Ok(())
    }

    async fn switches(&self) -> Result<Vec<Switch>, StoreError> {
        Ok(self.tables().switches.iter().cloned().collect())
    }
}

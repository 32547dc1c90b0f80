//! The pruner: deletes final jobs once they are older than the section keeps them.

use crate::clock::{Instant, RunnerClock};
use job_core::{
    JobStatus, TypeName,
    store::{Deletion, JobStore, StoreError},
};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tracing::debug;

/// How many are deleted in a call: few enough that nobody waits for it.
const BATCH: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");

/// How often it looks, if it did not find a whole batch the last time.
const PERIOD: Duration = Duration::from_secs(60);

/// Deletes old final jobs, a batch at a time.
#[derive(Debug)]
pub(crate) struct Pruner {
    retention: Duration,
    types: Vec<TypeName>,
    clock: Arc<RunnerClock>,
    next: Instant,
}

impl Pruner {
    /// Deletes jobs of `types` that ended longer than `retention` ago; from some time in the first period on, so that
    /// workers that start together do not prune together.
    pub(crate) fn new(retention: Duration, types: Vec<TypeName>, clock: Arc<RunnerClock>) -> Self {
        let next = clock.instant() + clock.jittered(PERIOD / 2);
        Self { retention, types, clock, next }
    }

    /// Deletes a batch, if it is time.
    pub(crate) async fn prune(&mut self, store: &Arc<dyn JobStore>) -> Result<(), StoreError> {
        if self.clock.instant() < self.next {
            return Ok(());
        }
        let old = Deletion::Final {
            before: self.clock.now().before(self.retention),
            statuses: JobStatus::ALL.into_iter().filter(|it| it.is_final()).collect(),
            types: Some(self.types.clone()),
            limit: BATCH,
            keep_newest: None,
        };
        let pruned = store.delete(&old).await?;
        if pruned > 0 {
            debug!(jobs = pruned, "Deleted {pruned} jobs that ended long ago.");
        }
        // While there is more, at every round.
        let more = pruned >= u64::from(BATCH.get());
        self.next = self.clock.instant() + if more { Duration::ZERO } else { self.clock.at_most(PERIOD) };
        Ok(())
    }
}

//! The pruner: deletes final jobs once they are older than the section keeps them.

use crate::run::{Run, tidings::Tidings};
use job_core::{
    JobStatus,
    store::{Deletion, StoreError},
};
use std::{error::Error, num::NonZeroU32, time::Duration};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// How many are deleted in a call: few enough that nobody waits for it.
const BATCH: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");

/// How often it looks, if it did not find a whole batch the last time.
const PERIOD: Duration = Duration::from_secs(60);

/// Deletes old final jobs, a batch at a time. Nothing else waits for it, or for what keeps it from it.
pub(crate) struct Pruner<'a, C> {
    pub(crate) run: &'a Run<C>,
    pub(crate) tidings: &'a Tidings,
}

impl<C: Clone + Send + Sync + 'static> Pruner<'_, C> {
    /// Goes on until it is `over`; not at all, if the section does not say for how long final jobs are kept. Begins some
    /// time in the first period, so that workers that start together do not prune together.
    pub(crate) async fn run(self, over: &CancellationToken) {
        let Some(retention) = self.run.settings().retention else { return };
        over.run_until_cancelled(self.prune_all(retention)).await;
    }

    async fn prune_all(&self, retention: Duration) {
        let Run { clock, setup, .. } = self.run;
        let mut wait = clock.jittered(PERIOD / 2);
        let mut failed = false;
        loop {
            tokio::time::sleep(wait).await;
            wait = clock.at_most(PERIOD);
            if self.tidings.is_disabled() {
                continue;
            }
            match self.prune(retention).await {
                // While there is more, as often as the worker looks after other things.
                Ok(pruned) if pruned >= u64::from(BATCH.get()) => wait = clock.at_most(setup.settings.scan),
                Ok(_) => failed = false,
                Err(error) if failed => {
                    debug!(error = &error as &dyn Error, "Old jobs are still not deleted.")
                }
                Err(error) => {
                    warn!(
                        error = &error as &dyn Error,
                        "Jobs that ended long ago could not be deleted; this is tried again every minute."
                    );
                    failed = true;
                }
            }
        }
    }

    /// Deletes a batch. Gives how many it were.
    async fn prune(&self, retention: Duration) -> Result<u64, StoreError> {
        let Run { clock, setup, .. } = self.run;
        let old = Deletion::Final {
            before: clock.now().before(retention),
            statuses: JobStatus::ALL.into_iter().filter(|it| it.is_final()).collect(),
            types: Some(setup.types.clone()),
            limit: BATCH,
            keep_newest: None,
        };
        let pruned = setup.opened.store.delete(&old).await?;
        if pruned > 0 {
            debug!(jobs = pruned, "Deleted {pruned} jobs that ended long ago.");
        }
        Ok(pruned)
    }
}

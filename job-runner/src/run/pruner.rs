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

/// How often a worker looks.
const PERIOD: Duration = Duration::from_secs(60);

/// For how long a script goes on. What is left then is the next one's.
const SCRIPT_MOST: Duration = Duration::from_secs(60);

/// Deletes old final jobs, a batch at a time; none, if the section does not say for how long they are kept.
pub(crate) struct Pruner<'a, C> {
    pub(crate) run: &'a Run<C>,
}

impl<C: Clone + Send + Sync + 'static> Pruner<'_, C> {
    /// Beside a worker, until it is `over`; nothing else waits for it, or for what keeps it from it. Begins some time in the
    /// first period, so that workers that start together do not prune together.
    pub(crate) async fn run(self, tidings: &Tidings, over: &CancellationToken) {
        let Some(retention) = self.run.settings().retention else { return };
        let Run { clock, .. } = self.run;
        let for_ever = async {
            let mut wait = clock.jittered(PERIOD / 2);
            let mut failed = false;
            loop {
                tokio::time::sleep(wait).await;
                wait = clock.at_most(PERIOD);
                if tidings.is_disabled() {
                    continue;
                }
                match self.prune_all(retention).await {
                    Ok(()) => failed = false,
                    Err(error) if failed => {
                        debug!(error = &error as &dyn Error, "Old jobs are still not deleted.")
                    }
                    Err(error) => {
                        failing(&error);
                        failed = true;
                    }
                }
            }
        };
        over.run_until_cancelled(for_ever).await;
    }

    /// Once, as the last thing that a script does, until it is told to stop.
    pub(crate) async fn run_once(self) {
        let Some(retention) = self.run.settings().retention else { return };
        let pruned = tokio::time::timeout(SCRIPT_MOST, self.prune_all(retention));
        if let Some(Ok(Err(error))) = self.run.setup.stop.run_until_cancelled(pruned).await {
            failing(&error);
        }
    }

    /// Deletes all that are old by now. Rests as long as it works, so that a server with much to delete has time for jobs.
    async fn prune_all(&self, retention: Duration) -> Result<(), StoreError> {
        let clock = &self.run.clock;
        loop {
            let begun = clock.instant();
            if self.prune(retention).await? < u64::from(BATCH.get()) {
                return Ok(());
            }
            tokio::time::sleep(clock.since(begun)).await;
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

fn failing(error: &StoreError) {
    warn!(
        error = error as &dyn Error,
        "Jobs that ended long ago could not be deleted; a worker tries again every minute, a script when it runs next."
    );
}

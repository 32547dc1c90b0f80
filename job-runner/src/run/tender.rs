//! The tender: what a worker does beside its jobs, every few seconds.

use crate::{
    attempt::aftermath::Aftermath,
    backoff::Backoff,
    clock::Instant,
    lease::rescuer::{Rescuer, server_is_fresh},
    pump::halt::LAST_CALLS,
    run::{Run, tidings::Tidings},
};
use job_core::store::{JobStoreExt, StoreError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often what is seldom wanted is done: reading the store's clock, since an estimate by this machine's own must not
/// run ahead of it, and looking for rows that run and are not readable.
const SELDOM: Duration = Duration::from_secs(60);

/// Looks whether the section is disabled, rescues, and reads the store's clock.
pub(crate) struct Tender<'a, C> {
    run: &'a Run<C>,
    tidings: &'a Tidings,
    /// Whether the store's server is known to have run for a lease.
    server_ran_long: bool,
    clock_read: Instant,
    unreadable_sought: Instant,
}

impl<'a, C: Clone + Send + Sync + 'static> Tender<'a, C> {
    pub(crate) fn new(run: &'a Run<C>, tidings: &'a Tidings) -> Self {
        let now = run.clock.instant();
        Self { run, tidings, server_ran_long: false, clock_read: now, unreadable_sought: now }
    }

    /// Goes round at every scan, until it is `over`. Gives how many jobs were rescued.
    pub(crate) async fn run(mut self, over: &CancellationToken) -> u64 {
        let Run { clock, .. } = self.run;
        let (mut aftermath, mut backoff) = (self.run.aftermath(), Backoff::default());
        let mut next = clock.instant();
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = over.cancelled() => return aftermath.run.rescued,
            }
            if clock.since(next) > self.run.settings().lease / 2 {
                // This process was stopped, and perhaps others with it.
                clock.was_away();
            }
            // What it rescues is told too, if that does not take long.
            let late = async {
                over.cancelled().await;
                tokio::time::sleep(self.run.last_patience().min(LAST_CALLS) / 2).await;
            };
            let round = tokio::select! {
                it = self.round(&mut aftermath) => it,
                () = late => return aftermath.run.rescued,
            };
            match round {
                Ok(()) => backoff.reset(clock),
                Err(error) => {
                    // Whatever it is that keeps this from being done may keep others from renewing their leases.
                    clock.was_away();
                    backoff.failed(&error, clock);
                }
            }
            next = clock.instant() + clock.at_most(self.run.settings().scan);
        }
    }

    async fn round(&mut self, aftermath: &mut Aftermath<C>) -> Result<(), StoreError> {
        let on = self.run.setup.opened.switches.switches().await?;
        self.tidings.heed(&on, &self.run.settings().name);
        if self.tidings.is_disabled() {
            return Ok(());
        }
        let Run { setup, clock, judge, .. } = self.run;
        let store = &setup.opened.store;
        if clock.since(self.clock_read) >= SELDOM {
            clock.saw(store.time(clock.by()).await?);
            self.clock_read = clock.instant();
        }
        if self.may_rescue().await? {
            let patience = self.run.patience(Duration::ZERO);
            let rescuer = Rescuer { store, judge, types: &setup.types, patience };
            rescuer.run(aftermath).await?;
            if clock.since(self.unreadable_sought) >= SELDOM {
                // Before it fails, perhaps: else every round would.
                self.unreadable_sought = clock.instant();
                rescuer.run_unreadable(aftermath).await?;
            }
        }
        Ok(())
    }

    /// Whether others had a lease's time to be heard of, since the store was away from this runner, and since its server
    /// started.
    async fn may_rescue(&mut self) -> Result<bool, StoreError> {
        let Run { setup, clock, .. } = self.run;
        let lease = setup.settings.lease;
        if clock.steady().is_some_and(|it| it < lease) {
            // A server that was started again was away.
            self.server_ran_long = false;
            return Ok(false);
        }
        if !self.server_ran_long {
            self.server_ran_long = !server_is_fresh(setup.opened.admin.as_ref(), lease, clock).await?;
        }
        Ok(self.server_ran_long)
    }
}

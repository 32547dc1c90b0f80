//! The rescuer: gives back, or fails, the jobs of runners that were not heard of again.

use crate::{
    attempt::{aftermath::Aftermath, judge::Judge},
    backoff::Patience,
    clock::RunnerClock,
};
use job_core::{
    Change, Clock, Job, JobStatus, Reply, Timestamp, TypeName,
    store::{Admin, Filter, JobStore, JobStoreExt, Order, Page, StoreError},
};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tracing::debug;

/// How many lapsed jobs are read and judged at a time.
const PAGE: NonZeroU32 = NonZeroU32::new(256).expect("not zero");

/// Judges lapsed leases.
pub(crate) struct Rescuer<'a, C> {
    pub(crate) store: &'a Arc<dyn JobStore>,
    pub(crate) judge: &'a Judge<C>,
    /// Only jobs of these: what the others' jobs deserve is not known here.
    pub(crate) types: &'a [TypeName],
    pub(crate) patience: Patience<'a>,
}

/// Whether the store's server has run for less than a lease: while it was away nobody could renew one, so whoever holds
/// jobs has a lease's time from its start to be heard of. Without that an outage would start again whatever ran
/// through it.
pub(crate) async fn server_is_fresh(
    admin: Option<&Arc<dyn Admin>>,
    lease: Duration,
    clock: &RunnerClock,
) -> Result<bool, StoreError> {
    // A server started in its own time, whatever time a test gives its calls.
    let Some(admin) = admin.filter(|_| clock.by() == Clock::Store) else { return Ok(false) };
    Ok(admin.server_started().await?.is_some_and(|it| clock.now() < it + lease))
}

impl<C: Clone + Send + Sync + 'static> Rescuer<'_, C> {
    /// Goes once through all jobs that run past their lease.
    ///
    /// A job whose lease was renewed in between, or that somebody else rescued, is left alone: the change says so.
    pub(crate) async fn run(&self, aftermath: &mut Aftermath<C>) -> Result<(), StoreError> {
        let mut after = None;
        // One page after the other: what is left when the runner stops is left to others.
        while !self.patience.stop.is_cancelled() {
            let by = self.patience.clock.by();
            let jobs = self.patience.call(|| self.store.lapsed(after, PAGE, by)).await?;
            let Some(last) = jobs.last() else { return Ok(()) };
            // Read after the page, so that every lease on it has ended by then.
            let now = self.patience.call(|| self.store.time(by)).await?;
            after = Some(last.id);
            let ours = jobs.into_iter().filter(|it| self.types.contains(&it.spec.type_name));
            self.judge(ours, now, aftermath).await?;
        }
        Ok(())
    }

    /// Goes once through all rows that run, and fails those that run past their lease and are not readable: the store
    /// passes over them where it is asked for what has lapsed.
    pub(crate) async fn run_unreadable(&self, aftermath: &mut Aftermath<C>) -> Result<(), StoreError> {
        let filter = Filter {
            types: Some(self.types.to_vec()),
            statuses: Some(vec![JobStatus::Running]),
            ..Filter::default()
        };
        let mut page = Page::first(Order::Oldest, PAGE);
        loop {
            let listed = self.patience.call(|| self.store.list(&filter, &page)).await?;
            let unreadable = listed.rows.into_iter().filter_map(|row| row.err()?.stand_in());
            let unreadable: Vec<Job> = unreadable.collect();
            if !unreadable.is_empty() {
                let now = self.patience.call(|| self.store.time(self.patience.clock.by())).await?;
                let lapsed = unreadable.into_iter().filter(|it| it.state.has_lapsed(now));
                self.judge(lapsed, now, aftermath).await?;
            }
            match listed.next {
                Some(next) => page.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn judge(
        &self,
        lapsed: impl Iterator<Item = Job> + Send,
        now: Timestamp,
        aftermath: &mut Aftermath<C>,
    ) -> Result<(), StoreError> {
        let judged = lapsed.filter_map(|it| self.judge.lapse(Arc::new(it), now));
        let (changes, ends): (Vec<Change>, Vec<_>) = judged.unzip();
        if changes.is_empty() {
            return Ok(());
        }
        let replies = self.patience.call(|| self.store.apply(&changes)).await?;
        for ((change, end), reply) in changes.into_iter().zip(ends).zip(replies) {
            if reply.is_applied() {
                aftermath.rescued((change, end), reply);
            } else if reply == Reply::Busy {
                debug!(job.id = %end.job.id, "A lapsed job is locked; it is left to the next rescue.");
            }
        }
        Ok(())
    }
}

//! The first trait: the eleven calls, each in one piece under the lock.

use crate::{
    clock::{Mint, time},
    table::Table,
};
use async_trait::async_trait;
use job_core::{
    Change, Clock, Job, JobId, Lease, NewJob, Reply, Timestamp,
    store::{
        Claim, Claimed, Counted, Deletion, Filter, Held, Inserted, JobStore, Listed, Lock, LockRequest,
        Order, Page, Renewed, StoreError,
    },
};
use std::{
    collections::HashSet,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

/// A list of jobs under a lock.
///
/// No call awaits anything: a future that is dropped was done, or never begun.
#[derive(Debug, Default)]
pub(crate) struct ToyStore {
    table: Mutex<Table>,
    mint: Mutex<Mint>,
}

impl ToyStore {
    pub(crate) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("no call panicked")
    }
}

#[async_trait]
impl JobStore for ToyStore {
    fn mint(&self) -> JobId {
        self.mint.lock().expect("no call panicked").id()
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(time(Clock::Store))
    }

    async fn insert(&self, jobs: &[NewJob], clock: Clock) -> Result<Vec<Inserted>, StoreError> {
        let (mut table, now) = (self.table(), time(clock));
        Ok(jobs.iter().map(|new| table.insert(new, now)).collect())
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let (mut table, now) = (self.table(), time(claim.clock));
        let due = |job: &Job| {
            job.state.is_due(claim.due_at(now))
                && *job.state.queue() == claim.queue
                && claim.types.contains(&job.spec.type_name)
        };
        let mut due: Vec<_> = (0..table.jobs.len()).filter(|at| due(&table.jobs[*at])).collect();
        due.sort_by_key(|at| table.jobs[*at].place());
        let mut claimed = Claimed::default();
        for at in due {
            if claimed.jobs.len() == claim.limit.get() as usize {
                break;
            }
            // Asked only now: the job before may have started with the same turn.
            if table.is_free(&table.jobs[at]) {
                let job = &mut table.jobs[at];
                let lease = Lease { holder: claim.by, expires: now + claim.lease, progress: None };
                job.state = job.start(lease, now).expect("it is due");
                claimed.jobs.push(job.clone());
            }
        }
        Ok(claimed)
    }

    async fn apply(&self, changes: &[Change]) -> Result<Vec<Reply>, StoreError> {
        let mut table = self.table();
        let mut replies = vec![Reply::Stale; changes.len()];
        let mut seen = HashSet::new();
        let mut firsts: Vec<_> =
            replies.iter_mut().zip(changes).filter(|(_, change)| seen.insert(change.id)).collect();
        // Stable, so each half keeps the batch's order.
        firsts.sort_by_key(|(_, change)| change.takes_key);
        for (reply, change) in firsts {
            *reply = table.change(change);
        }
        Ok(replies)
    }

    async fn renew(&self, held: &[Held], lease: Duration, clock: Clock) -> Result<Vec<Renewed>, StoreError> {
        let (mut table, now) = (self.table(), time(clock));
        Ok(held.iter().map(|held| table.renew(held, lease, now)).collect())
    }

    async fn lapsed(
        &self,
        after: Option<JobId>,
        limit: NonZeroU32,
        clock: Clock,
    ) -> Result<Vec<Job>, StoreError> {
        let (table, now) = (self.table(), time(clock));
        let lapsed = |job: &&Job| job.state.has_lapsed(now) && after.is_none_or(|after| job.id > after);
        let mut jobs: Vec<_> = table.jobs.iter().filter(lapsed).cloned().collect();
        jobs.sort_by_key(|job| job.id);
        jobs.truncate(limit.get() as usize);
        Ok(jobs)
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Listed, StoreError> {
        let table = self.table();
        let mut jobs: Vec<_> = table.fitting(filter).map(|job| (page.order.cursor(job), job)).collect();
        jobs.sort_by(|(one, _), (other, _)| one.cmp(other));
        if page.order == Order::Newest {
            jobs.reverse();
        }
        if let Some(after) = &page.after {
            jobs.retain(
                |(cursor, _)| if page.order == Order::Newest { cursor < after } else { cursor > after },
            );
        }
        let more = jobs.len() > page.limit.get() as usize;
        jobs.truncate(page.limit.get() as usize);
        let next = jobs.last().filter(|_| more).map(|(cursor, _)| cursor.clone());
        Ok(Listed { rows: jobs.into_iter().map(|(_, job)| Ok(job.clone())).collect(), next })
    }

    async fn count(&self, filter: &Filter, cap: u64) -> Result<Counted, StoreError> {
        let jobs = self.table().fitting(filter).count() as u64;
        Ok(Counted { jobs: jobs.min(cap), at_least: jobs > cap })
    }

    async fn delete(&self, what: &Deletion) -> Result<u64, StoreError> {
        Ok(self.table().delete(what) as u64)
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        let (mut table, now) = (self.table(), time(request.clock));
        Ok(table.lock(request, now))
    }
}

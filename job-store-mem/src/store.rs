//! The store: one lock around the tables, never held across an await.

use crate::{SCHEME, ids::Ids, tables::Tables, wake::Bells};
use async_trait::async_trait;
use job_core::{
    Change, Clock, Job, JobId, JobStatus, NewJob, QueueName, Reply, Timestamp,
    store::{
        Claim, Claimed, Counted, Deletion, Filter, Held, Inserted, JobStore, Listed, Lock, LockRequest,
        Opened, Page, Renewed, StoreError,
    },
};
use parking_lot::{Mutex, MutexGuard};
use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// A store in memory. Cheap to clone; clones are handles of the same store.
#[derive(Clone, Debug, Default)]
pub struct MemStore {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    ids: Ids,
    tables: Mutex<Tables>,
    bells: Bells,
    /// What the store's clock shows; the system's time, if nothing.
    stands_at: Mutex<Option<Timestamp>>,
}

impl MemStore {
    /// An empty store, whose ids and time come from the system.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store that mints the same ids in every run with the same `seed`, and whose clock stands still
    /// at [`Timestamp::EPOCH`] until [`set_now`](Self::set_now) moves it.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let stands_at = Mutex::new(Some(Timestamp::EPOCH));
        Self { shared: Arc::new(Shared { ids: Ids::seeded(seed), stands_at, ..Shared::default() }) }
    }

    /// Makes the store's clock stand at `now`, for every handle and every call with [`Clock::Store`].
    pub fn set_now(&self, now: Timestamp) {
        *self.shared.stands_at.lock() = Some(now);
    }

    /// The store as a runner takes it, by its own clock and with wake-ups.
    #[must_use]
    pub fn opened(&self) -> Opened {
        let store = Arc::new(self.clone());
        Opened { wake: Some(store.clone()), ..Opened::new(SCHEME, store) }
    }

    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.shared.tables.lock()
    }

    pub(crate) fn bells(&self) -> &Bells {
        &self.shared.bells
    }

    pub(crate) fn time(&self, clock: Clock) -> Timestamp {
        match clock {
            Clock::At(at) => at,
            Clock::Store => self.shared.stands_at.lock().unwrap_or_else(system_time),
        }
    }

    /// Applies changes, and rings for the jobs that wait again.
    pub(crate) fn change(&self, tables: &mut Tables, changes: &[Change]) -> Vec<Reply> {
        let replies = tables.apply(changes);
        let waits = |(change, reply): &(&Change, &Reply)| {
            **reply == Reply::Applied && change.next.status() == JobStatus::Waiting
        };
        self.bells().ring(changes.iter().zip(&replies).filter(waits).map(|(it, _)| it.next.queue()));
        replies
    }
}

#[async_trait]
impl JobStore for MemStore {
    fn mint(&self) -> JobId {
        self.shared.ids.mint()
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(self.time(Clock::Store))
    }

    async fn insert(&self, jobs: &[NewJob], clock: Clock) -> Result<Vec<Inserted>, StoreError> {
        let mut tables = self.tables();
        let now = self.time(clock);
        let inserted: Vec<Inserted> = jobs.iter().map(|job| tables.insert(job, now)).collect();
        drop(tables);
        let created = jobs.iter().zip(&inserted).filter(|(_, it)| matches!(it, Inserted::Created(_)));
        let mut queues: Vec<&QueueName> = created.map(|(job, _)| &job.queue).collect();
        queues.dedup();
        self.bells().ring(queues);
        Ok(inserted)
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let mut tables = self.tables();
        let now = self.time(claim.clock);
        Ok(Claimed { jobs: tables.claim(claim, now), unreadable: Vec::new() })
    }

    async fn apply(&self, changes: &[Change]) -> Result<Vec<Reply>, StoreError> {
        Ok(self.change(&mut self.tables(), changes))
    }

    async fn renew(&self, held: &[Held], lease: Duration, clock: Clock) -> Result<Vec<Renewed>, StoreError> {
        let mut tables = self.tables();
        let now = self.time(clock);
        held.iter().map(|it| tables.renew(it, lease, now)).collect()
    }

    async fn lapsed(
        &self,
        after: Option<JobId>,
        limit: NonZeroU32,
        clock: Clock,
    ) -> Result<Vec<Job>, StoreError> {
        let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        let tables = self.tables();
        let now = self.time(clock);
        let lapsed = tables.jobs.running(after).filter(|it| it.state.has_lapsed(now));
        Ok(lapsed.take(limit).cloned().collect())
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Listed, StoreError> {
        Ok(self.tables().list(filter, page))
    }

    async fn count(&self, filter: &Filter, cap: u64) -> Result<Counted, StoreError> {
        Ok(self.tables().count(filter, cap))
    }

    async fn delete(&self, what: &Deletion) -> Result<u64, StoreError> {
        Ok(self.tables().delete(what))
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        let mut tables = self.tables();
        let now = self.time(request.clock);
        Ok(tables.locks.ask(request, now))
    }

    /// Under one lock: nobody comes between the changes and the claim.
    async fn exchange(&self, changes: &[Change], claim: &Claim) -> Result<(Vec<Reply>, Claimed), StoreError> {
        let mut tables = self.tables();
        let replies = self.change(&mut tables, changes);
        let now = self.time(claim.clock);
        Ok((replies, Claimed { jobs: tables.claim(claim, now), unreadable: Vec::new() }))
    }
}

/// The system's time; a clock that stands before 1970 counts as 1970.
fn system_time() -> Timestamp {
    Timestamp::EPOCH + SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()
}

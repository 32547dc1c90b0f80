//! A store whose clock is in the hands of a test.

use crate::ManualClock;
use async_trait::async_trait;
use job_core::{
    Change, Clock, Job, JobId, NewJob, Reply, Timestamp,
    store::{
        Claim, Claimed, Counted, Deletion, Filter, Held, Inserted, JobStore, Listed, Lock, LockRequest, Page,
        Renewed, StoreError,
    },
};
use std::{num::NonZeroU32, sync::Arc, time::Duration};

/// A store in which a manual clock stands for the store's own.
#[derive(Debug)]
pub(crate) struct Driven {
    store: Arc<dyn JobStore>,
    clock: ManualClock,
}

impl Driven {
    pub(crate) fn by(clock: ManualClock, store: Arc<dyn JobStore>) -> Arc<Self> {
        Arc::new(Self { store, clock })
    }

    /// What the store itself is given.
    fn at(&self, clock: Clock) -> Clock {
        match clock {
            Clock::Store => self.clock.clock(),
            at @ Clock::At(_) => at,
        }
    }
}

#[async_trait]
impl JobStore for Driven {
    fn mint(&self) -> JobId {
        self.store.mint()
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(self.clock.now())
    }

    async fn insert(&self, jobs: &[NewJob], clock: Clock) -> Result<Vec<Inserted>, StoreError> {
        self.store.insert(jobs, self.at(clock)).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        self.store.claim(&Claim { clock: self.at(claim.clock), ..claim.clone() }).await
    }

    async fn apply(&self, changes: &[Change]) -> Result<Vec<Reply>, StoreError> {
        self.store.apply(changes).await
    }

    async fn renew(&self, held: &[Held], lease: Duration, clock: Clock) -> Result<Vec<Renewed>, StoreError> {
        self.store.renew(held, lease, self.at(clock)).await
    }

    async fn lapsed(
        &self,
        after: Option<JobId>,
        limit: NonZeroU32,
        clock: Clock,
    ) -> Result<Vec<Job>, StoreError> {
        self.store.lapsed(after, limit, self.at(clock)).await
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Listed, StoreError> {
        self.store.list(filter, page).await
    }

    async fn count(&self, filter: &Filter, cap: u64) -> Result<Counted, StoreError> {
        self.store.count(filter, cap).await
    }

    async fn delete(&self, what: &Deletion) -> Result<u64, StoreError> {
        self.store.delete(what).await
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        self.store.lock(&LockRequest { clock: self.at(request.clock), ..request.clone() }).await
    }

    async fn exchange(&self, changes: &[Change], claim: &Claim) -> Result<(Vec<Reply>, Claimed), StoreError> {
        let claim = Claim { clock: self.at(claim.clock), ..claim.clone() };
        self.store.exchange(changes, &claim).await
    }
}

//! The calls, most of which are passed on.

use super::{Bug, Faulty};
use async_trait::async_trait;
use job_core::{
    Change, Clock, Job, JobId, NewJob, Note, NoteFilter, Noted, Reply, Timestamp,
    store::{
        Claim, Claimed, Counted, Deletion, Filter, Held, Inserted, JobStore, Listed, Lock, LockRequest,
        Notes, Page, Renewed, StoreError, Switch, Switches,
    },
};
use std::{num::NonZeroU32, time::Duration};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: JobStore + Notes + Switches> JobStore for Faulty<S> {
    fn mint(&self) -> JobId {
        let mut minted = self.minted.lock();
        match minted.take() {
            Some(again) if self.has(Bug::MintsTwice) => again,
            _ => *minted.insert(self.inner.mint()),
        }
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.inner.now().await
    }

    async fn insert(&self, jobs: &[NewJob], clock: Clock) -> Result<Vec<Inserted>, StoreError> {
        self.faulty_insert(jobs, clock).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        self.faulty_claim(claim).await
    }

    async fn apply(&self, changes: &[Change]) -> Result<Vec<Reply>, StoreError> {
        self.faulty_apply(changes).await
    }

    async fn renew(&self, held: &[Held], lease: Duration, clock: Clock) -> Result<Vec<Renewed>, StoreError> {
        self.faulty_renew(held, lease, clock).await
    }

    async fn lapsed(
        &self,
        after: Option<JobId>,
        limit: NonZeroU32,
        clock: Clock,
    ) -> Result<Vec<Job>, StoreError> {
        let clock = if self.has(Bug::CallsRunningLapsed) { Clock::At(Timestamp::MAX) } else { clock };
        self.inner.lapsed(after, limit, clock).await
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Listed, StoreError> {
        self.faulty_list(filter, page).await
    }

    async fn count(&self, filter: &Filter, cap: u64) -> Result<Counted, StoreError> {
        let cap = if self.has(Bug::CountsPastTheCap) { u64::MAX } else { cap };
        self.inner.count(filter, cap).await
    }

    async fn delete(&self, what: &Deletion) -> Result<u64, StoreError> {
        self.faulty_delete(what).await
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        if self.has(Bug::KeepsLocks) && request.lease.is_zero() {
            return Ok(Lock::GivenUp);
        }
        match self.inner.lock(request).await? {
            Lock::Busy { until, .. } if self.has(Bug::GivesLocksTwice) => Ok(Lock::Taken { until }),
            lock => Ok(lock),
        }
    }

    async fn exchange(&self, changes: &[Change], claim: &Claim) -> Result<(Vec<Reply>, Claimed), StoreError> {
        if self.has(Bug::ExchangesNothing) {
            return Ok((vec![Reply::Applied; changes.len()], self.inner.claim(claim).await?));
        }
        Ok((self.apply(changes).await?, self.claim(claim).await?))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: JobStore + Notes + Switches> Notes for Faulty<S> {
    async fn append(&self, notes: &[Note]) -> Result<(), StoreError> {
        self.inner.append(notes).await
    }

    async fn notes(&self, filter: &NoteFilter, limit: NonZeroU32) -> Result<Vec<Noted>, StoreError> {
        let mut notes = self.inner.notes(filter, limit).await?;
        if self.has(Bug::ReversesNotes) {
            notes.reverse();
        }
        Ok(notes)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: JobStore + Notes + Switches> Switches for Faulty<S> {
    async fn set(&self, switch: &Switch, on: bool) -> Result<(), StoreError> {
        self.inner.set(switch, on || self.has(Bug::NeverSwitchesOff)).await
    }

    async fn switches(&self) -> Result<Vec<Switch>, StoreError> {
        self.inner.switches().await
    }
}

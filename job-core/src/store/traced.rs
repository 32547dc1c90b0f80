//! One span per store call, written once for all stores.

use super::{
    Claim, Claimed, Counted, Deletion, Filter, Held, Inserted, JobStore, Listed, Lock, LockRequest, Notes,
    Page, Renewed, StoreError, Switch, Switches,
};
use crate::{Change, Clock, Job, JobId, NewJob, Note, NoteFilter, Noted, Reply, Timestamp};
use async_trait::async_trait;
use std::{num::NonZeroU32, time::Duration};
use tracing::{Instrument, Span, debug_span, field::Empty};

/// A store whose calls are spans: `store.claim`, `store.apply`, …, at DEBUG, with the counts of what went in
/// (`jobs`) and a flag `failed` when the store broke. Never args.
#[derive(Clone, Debug)]
pub struct Traced<S>(pub S);

/// Runs `call` in `span`, and marks it if the store broke.
async fn within<T>(span: Span, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let result = call.instrument(span.clone()).await;
    if let Err(error) = &result {
        span.record("failed", tracing::field::display(error));
    }
    result
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: JobStore> JobStore for Traced<S> {
    fn mint(&self) -> JobId {
        self.0.mint()
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        within(debug_span!("store.now", failed = Empty), self.0.now()).await
    }

    async fn insert(&self, jobs: &[NewJob], clock: Clock) -> Result<Vec<Inserted>, StoreError> {
        within(debug_span!("store.insert", jobs = jobs.len(), failed = Empty), self.0.insert(jobs, clock))
            .await
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let span = debug_span!("store.claim", queue = %claim.queue, limit = claim.limit, failed = Empty);
        within(span, self.0.claim(claim)).await
    }

    async fn apply(&self, changes: &[Change]) -> Result<Vec<Reply>, StoreError> {
        within(debug_span!("store.apply", jobs = changes.len(), failed = Empty), self.0.apply(changes)).await
    }

    async fn renew(&self, held: &[Held], lease: Duration, clock: Clock) -> Result<Vec<Renewed>, StoreError> {
        let span = debug_span!("store.renew", jobs = held.len(), failed = Empty);
        within(span, self.0.renew(held, lease, clock)).await
    }

    async fn lapsed(
        &self,
        after: Option<JobId>,
        limit: NonZeroU32,
        clock: Clock,
    ) -> Result<Vec<Job>, StoreError> {
        within(debug_span!("store.lapsed", limit, failed = Empty), self.0.lapsed(after, limit, clock)).await
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Listed, StoreError> {
        within(debug_span!("store.list", limit = page.limit, failed = Empty), self.0.list(filter, page)).await
    }

    async fn count(&self, filter: &Filter, cap: u64) -> Result<Counted, StoreError> {
        within(debug_span!("store.count", cap, failed = Empty), self.0.count(filter, cap)).await
    }

    async fn delete(&self, what: &Deletion) -> Result<u64, StoreError> {
        within(debug_span!("store.delete", failed = Empty), self.0.delete(what)).await
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        within(debug_span!("store.lock", name = %request.name, failed = Empty), self.0.lock(request)).await
    }

    async fn exchange(&self, changes: &[Change], claim: &Claim) -> Result<(Vec<Reply>, Claimed), StoreError> {
        let span = debug_span!("store.exchange", jobs = changes.len(), queue = %claim.queue, limit = claim.limit, failed = Empty);
        within(span, self.0.exchange(changes, claim)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Notes> Notes for Traced<S> {
    async fn append(&self, notes: &[Note]) -> Result<(), StoreError> {
        within(debug_span!("store.append", notes = notes.len(), failed = Empty), self.0.append(notes)).await
    }

    async fn notes(&self, filter: &NoteFilter, limit: NonZeroU32) -> Result<Vec<Noted>, StoreError> {
        within(debug_span!("store.notes", limit, failed = Empty), self.0.notes(filter, limit)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Switches> Switches for Traced<S> {
    async fn set(&self, switch: &Switch, on: bool) -> Result<(), StoreError> {
        within(debug_span!("store.set", %switch, on, failed = Empty), self.0.set(switch, on)).await
    }

    async fn switches(&self) -> Result<Vec<Switch>, StoreError> {
        within(debug_span!("store.switches", failed = Empty), self.0.switches()).await
    }
}

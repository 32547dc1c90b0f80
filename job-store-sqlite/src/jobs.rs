//! The calls about jobs.

use crate::{
    call::Transaction,
    change, claim,
    delete::{self, Old},
    error::store_error,
    ids, insert, lease, list, lock,
    store::SqliteStore,
};
use async_trait::async_trait;
use diesel::QueryResult;
use job_core::{
    ActorId, Change, Clock, Job, JobId, NewJob, Reply, Timestamp,
    store::{
        Claim, Claimed, Counted, Deletion, Filter, Held, Inserted, JobStore, Listed, Lock, LockRequest, Page,
        Renewed, StoreError,
    },
};
use std::{num::NonZeroU32, time::Duration};

#[async_trait]
impl JobStore for SqliteStore {
    fn mint(&self) -> JobId {
        ids::mint()
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(ids::now())
    }

    async fn insert(&self, jobs: &[NewJob], clock: Clock) -> Result<Vec<Inserted>, StoreError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let jobs = jobs.to_vec();
        self.write(jobs.len(), move |it| {
            let now = ids::time(clock);
            let inserted = insert::insert(it.conn, &jobs, now)?;
            for answer in &inserted {
                if let Inserted::Created(job) = answer
                    && job.state.is_due(now)
                {
                    it.ring(job.state.queue());
                }
            }
            Ok(inserted)
        })
        .await
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        if claim.types.is_empty() {
            return Ok(Claimed::default());
        }
        let claim = claim.clone();
        let rows = claim.limit.get() as usize;
        let returned = self.give_back(claim.by);
        self.deliver(rows, move |it| claim::claim(it.conn, &claim, ids::time(claim.clock)), returned).await
    }

    async fn apply(&self, changes: &[Change]) -> Result<Vec<Reply>, StoreError> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let changes = changes.to_vec();
        self.write(changes.len(), move |it| apply(it, &changes)).await
    }

    async fn renew(&self, held: &[Held], lease: Duration, clock: Clock) -> Result<Vec<Renewed>, StoreError> {
        if held.is_empty() {
            return Ok(Vec::new());
        }
        let held = held.to_vec();
        self.write(held.len(), move |it| lease::renew(it.conn, &held, ids::time(clock) + lease)).await
    }

    async fn lapsed(
        &self,
        after: Option<JobId>,
        limit: NonZeroU32,
        clock: Clock,
    ) -> Result<Vec<Job>, StoreError> {
        self.read(move |conn| lease::lapsed(conn, after, limit, ids::time(clock))).await
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Listed, StoreError> {
        let (filter, page) = (filter.clone(), page.clone());
        self.read(move |conn| list::list(conn, &filter, &page)).await
    }

    async fn count(&self, filter: &Filter, cap: u64) -> Result<Counted, StoreError> {
        let filter = filter.clone();
        self.read(move |conn| list::count(conn, &filter, cap)).await
    }

    async fn delete(&self, what: &Deletion) -> Result<u64, StoreError> {
        match what.clone() {
            Deletion::Ids(ids) => {
                self.write(ids.len(), move |it| {
                    let deleted = ids.iter().map(|id| delete::delete(it.conn, *id).map(u64::from));
                    deleted.sum()
                })
                .await
            }
            Deletion::Final { before, statuses, types, limit, keep_newest } => {
                let old = Old { before, statuses, types, keep_newest };
                self.delete_old(old, u64::from(limit.get())).await
            }
        }
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        let request = request.clone();
        self.write(1, move |it| lock::lock(it.conn, &request, ids::time(request.clock))).await
    }

    async fn exchange(&self, changes: &[Change], claim: &Claim) -> Result<(Vec<Reply>, Claimed), StoreError> {
        let (changes, claim) = (changes.to_vec(), claim.clone());
        let rows = changes.len() + claim.limit.get() as usize;
        let give_back = self.give_back(claim.by);
        let exchange = move |it: &mut Transaction<'_>| {
            let replies = apply(it, &changes)?;
            Ok((replies, claim::claim(it.conn, &claim, ids::time(claim.clock))?))
        };
        self.deliver(rows, exchange, |(_, claimed)| give_back(claimed)).await
    }
}

impl SqliteStore {
    /// Releases what a claim by `by` has started for a caller that is gone: others may start it at once, and its attempt is
    /// given back. A row that is not readable stays until its lease ends.
    fn give_back(&self, by: ActorId) -> impl FnOnce(Claimed) + Clone + Send + 'static {
        let writer = self.writer();
        move |claimed| {
            let release = |job: &Job| {
                let change = Change::new(job, job.release().ok()?, by);
                Some(change.or_supersede(job, job.state.date_started()?))
            };
            let changes: Vec<Change> = claimed.jobs.iter().filter_map(release).collect();
            if !changes.is_empty() {
                writer.leave(changes.len(), move |it| apply(it, &changes).map_err(store_error));
            }
        }
    }

    /// Reads what to delete beside the writer, which then deletes what is still so. Rows that have to stay are passed
    /// over, so that they do not stand before the others for ever.
    async fn delete_old(&self, old: Old, limit: u64) -> Result<u64, StoreError> {
        let (mut deleted, mut after) = (0, None);
        loop {
            let (wanted, before, old) = (limit - deleted, old.before, old.clone());
            let ids = self.read(move |conn| delete::finished(conn, &old, after, wanted)).await?;
            after = ids.last().copied();
            let found = ids.len();
            if found > 0 {
                deleted +=
                    self.write(found, move |it| delete::delete_finished(it.conn, &ids, before)).await?;
            }
            if (found as u64) < wanted || deleted == limit {
                return Ok(deleted);
            }
        }
    }
}

fn apply(transaction: &mut Transaction<'_>, changes: &[Change]) -> QueryResult<Vec<Reply>> {
    let replies = change::apply(transaction.conn, changes, transaction.bold)?;
    for state in change::waiting(changes, &replies) {
        transaction.ring(state.queue());
    }
    Ok(replies)
}

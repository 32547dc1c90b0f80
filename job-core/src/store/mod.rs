//! The store: three small object-safe traits, and everything comfortable in extension traits.

mod claim;
mod error;
mod ext;
mod filter;
mod lock;
mod notes;
mod open;
mod operate;
mod reopen;
mod switches;
mod traced;
mod wake;

pub use claim::{Claim, Claimed, Held, Inserted, Renewed, Unreadable};
pub use error::StoreError;
pub use ext::JobStoreExt;
pub use filter::{Counted, Cursor, Deletion, Filter, Listed, Order, Page};
pub use lock::{Lock, LockRequest};
pub use notes::Notes;
pub use open::{Admin, OpenError, Opened, Opener, StoreUrl};
pub use operate::{OperateError, Operation};
pub use reopen::Reopen;
pub use switches::{Switch, Switches};
pub use traced::Traced;
pub use wake::Wake;

use crate::{Change, Clock, Job, JobId, NewJob, Reply, Timestamp};
use async_trait::async_trait;
use std::{fmt::Debug, num::NonZeroU32, time::Duration};

/// Keeps jobs. Eleven methods, each of which takes or gives many jobs: one job is a slice of one.
///
/// A store holds no rule of the life cycle but [`start`](Job::start), inside [`claim`](Self::claim): it compares
/// and sets what the core has decided. What each method promises is checked by the clauses of
/// `job_testing::store_contract!`, which any store can run; `docs/writing-a-store.md` leads through it.
///
/// Dropping a future does not undo its call: it was done, or will be, wholly or not at all, batches included. But a job
/// that a claim started for nobody is given back, with its attempt, as by [`release`](Job::release).
///
/// # Errors
///
/// Every method fails with [`StoreError`] only when the store broke. Losing a race is a value, and one bad row
/// never fails its neighbours.
#[async_trait]
pub trait JobStore: Debug + Send + Sync + 'static {
    /// A new id, greater than every id this handle made before. Clock and randomness are the store's business.
    fn mint(&self) -> JobId;

    /// The time of the store: the one clock that all its runners share.
    async fn now(&self) -> Result<Timestamp, StoreError>;

    /// Inserts jobs, Waiting, and answers for each in the order given.
    ///
    /// Of two with equal keys the first wins, in one call and among any number of callers at once: exactly one
    /// creates. An Ok is durable. The same id and spec again is answered Created, with the job as it is now. If the job was
    /// deleted meanwhile a second life begins, which runs anew; no write of the first fits it, because it begins at
    /// a later [`Revision`](crate::Revision).
    async fn insert(&self, jobs: &[NewJob], clock: Clock) -> Result<Vec<Inserted>, StoreError>;

    /// Starts up to `claim.limit` due jobs of one queue and gives them, most urgent first: by
    /// [`place`](Job::place), that is priority, then scheduled start, then id.
    ///
    /// A job is due when it waits, its type is among those asked for, its scheduled start has come, neither its
    /// queue nor its type is paused, and no job of its turn runs. Two claims at once never start the same job,
    /// nor two of one turn, and neither waits for the other's rows. Rows that are not readable are started too and given
    /// apart, so that the runner can fail them.
    ///
    /// Each started state is what [`Job::start`] makes of the stored one. A pause is effective for every claim
    /// that begins after [`Switches::set`] returned.
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError>;

    /// Applies changes, each alone: a batch is not a transaction. Answers for each in the order given.
    ///
    /// Where a change fits it is Applied, with its note, in one durable step. A batch holds at most one change of
    /// a job; a second one, in the batch's order, is answered Stale, whatever became of the first. Changes that take a
    /// key back are applied after the others. A row or key that somebody's open transaction holds for longer than a
    /// short wait is answered Busy.
    async fn apply(&self, changes: &[Change]) -> Result<Vec<Reply>, StoreError>;

    /// Extends the leases of jobs that are still at the given revisions to `lease` from now, and keeps their
    /// progress. Answers for each in the order given.
    ///
    /// It never shortens a lease, changes no revision, and does not wait for rows that somebody locked.
    async fn renew(&self, held: &[Held], lease: Duration, clock: Clock) -> Result<Vec<Renewed>, StoreError>;

    /// Up to `limit` jobs that run past their lease, and whose id is after `after`, in the order of ids. For a
    /// rescuer, which applies [`Job::lapse`] with [`Change::if_lapsed`]. Skips locked rows, and rows that are
    /// not readable.
    async fn lapsed(
        &self,
        after: Option<JobId>,
        limit: NonZeroU32,
        clock: Clock,
    ) -> Result<Vec<Job>, StoreError>;

    /// A page of the jobs that fit `filter`.
    async fn list(&self, filter: &Filter, page: &Page) -> Result<Listed, StoreError>;

    /// How many jobs fit `filter`, counting no further than `cap`. There is no uncapped count.
    async fn count(&self, filter: &Filter, cap: u64) -> Result<Counted, StoreError>;

    /// Deletes jobs, with their notes, and says how many. A pending job only goes when its id is named.
    async fn delete(&self, what: &Deletion) -> Result<u64, StoreError>;

    /// Takes, renews or gives up a leased lock. See [`LockRequest`].
    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError>;

    /// [`apply`](Self::apply), then [`claim`](Self::claim). A store may fuse the two into one statement.
    ///
    /// Only for changes of Running jobs that take no key back. A job whose turn such a change ends may be left
    /// to the next claim.
    async fn exchange(&self, changes: &[Change], claim: &Claim) -> Result<(Vec<Reply>, Claimed), StoreError> {
        Ok((self.apply(changes).await?, self.claim(claim).await?))
    }
}

//! Stores that are wrong in one way each, to see that the contract notices.

mod bug;
mod changes;
mod claims;
mod inserts;
mod reads;
mod renewals;
mod store;

pub use bug::Bug;

use job_core::{
    ActorId, Change, IfTaken, Job, JobId, JobState, StateParts, Then,
    store::{Filter, JobStore, Notes, Order, Page, StoreError, Switches},
};
use parking_lot::Mutex;
use std::num::NonZeroU32;

/// A store that is right but for one bug, which it adds to the calls of the store inside.
///
/// ```
/// use job_testing::faulty::{Bug, Faulty};
///
/// # fn example<S>(right: S) -> Faulty<S> {
/// Faulty::new(right, Bug::IgnoresRevisions)
/// # }
/// ```
#[derive(Debug)]
pub struct Faulty<S> {
    inner: S,
    bug: Bug,
    /// The id that [`Bug::MintsTwice`] gives again.
    minted: Mutex<Option<JobId>>,
}

impl<S> Faulty<S> {
    /// `inner`, with `bug`.
    pub const fn new(inner: S, bug: Bug) -> Self {
        Self { inner, bug, minted: Mutex::new(None) }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == bug
    }
}

impl<S: JobStore + Notes + Switches> Faulty<S> {
    /// All jobs that fit, in the order of claims.
    async fn all(&self, filter: &Filter) -> Result<Vec<Job>, StoreError> {
        let page = Page::first(Order::Claim, NonZeroU32::MAX);
        Ok(self.inner.list(filter, &page).await?.rows.into_iter().filter_map(Result::ok).collect())
    }
}

/// Writes `next`, as it is, over a job that is still as it was read.
fn overwrite(job: &Job, next: JobState, by: ActorId) -> Change {
    Change {
        id: job.id,
        expected: job.state.revision(),
        by,
        lapsed_by: None,
        next,
        takes_key: false,
        if_taken: IfTaken::Refuse,
        note: None,
        then: Then::Keep,
    }
}

/// A state with other columns.
fn edited(state: &JobState, edit: impl FnOnce(&mut StateParts)) -> JobState {
    let mut parts = state.parts();
    edit(&mut parts);
    JobState::restore(parts).unwrap_or_else(|error| panic!("a bug is no nonsense: {error}"))
}

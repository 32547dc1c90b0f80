//! Faulty changes.

use super::{Bug, Faulty, edited};
use job_core::{
    Change, IfTaken, JobStatus, Reply, Then,
    store::{JobStore, JobStoreExt, Notes, StoreError, Switches},
};
use std::{iter::repeat, slice};

impl<S: JobStore + Notes + Switches> Faulty<S> {
    pub(super) async fn faulty_apply(&self, changes: &[Change]) -> Result<Vec<Reply>, StoreError> {
        let mut rewritten = Vec::with_capacity(changes.len());
        for change in changes {
            rewritten.push(self.rewritten_change(change).await?);
        }
        let mut replies = match self.bug {
            Bug::AppliesInBatchOrder | Bug::StopsAtTheFirstRefusal => self.one_by_one(&rewritten).await?,
            Bug::CutsLargeBatches => {
                let applied = self.inner.apply(&rewritten[..rewritten.len().min(500)]).await?;
                applied.into_iter().chain(repeat(Reply::Stale)).take(changes.len()).collect()
            }
            _ => self.inner.apply(&rewritten).await?,
        };
        for (reply, change) in replies.iter_mut().zip(changes) {
            *reply = match *reply {
                Reply::Stale if self.has(Bug::TakesOneChangeForAnother) => self.alike(change).await?,
                Reply::AlreadyApplied if self.has(Bug::RefusesResentChanges) => Reply::Stale,
                Reply::Gone if self.has(Bug::CallsGoneStale) => Reply::Stale,
                reply => reply,
            };
        }
        if self.has(Bug::RepliesInReverse) {
            replies.reverse();
        }
        Ok(replies)
    }

    async fn rewritten_change(&self, change: &Change) -> Result<Change, StoreError> {
        let mut change = change.clone();
        match self.bug {
            Bug::IgnoresRevisions => {
                let stored = self.inner.get(change.id).await?;
                change.expected = stored.map_or(change.expected, |it| it.state.revision());
            }
            Bug::IgnoresRenewals => change.lapsed_by = None,
            Bug::RetakesHeldKeys => change.takes_key = false,
            Bug::RefusesToSupersede => change.if_taken = IfTaken::Refuse,
            Bug::FreesKeysOfSuspended if change.next.status() == JobStatus::Suspended => {
                change.next = edited(&change.next, |it| it.held_key = None);
                change.takes_key = false;
            }
            Bug::LosesNotes => change.note = None,
            Bug::KeepsCompletedRows => change.then = Then::Keep,
            _ => {}
        }
        Ok(change)
    }

    /// The answer to a change that does not fit, by too little of what it is.
    async fn alike(&self, change: &Change) -> Result<Reply, StoreError> {
        let stored = self.inner.get(change.id).await?;
        let alike = stored.is_some_and(|it| {
            it.state.revision() == change.expected.next()
                && it.state.changed_by() == Some(change.by)
                && it.state.status() == change.next.status()
        });
        Ok(if alike { Reply::AlreadyApplied } else { Reply::Stale })
    }

    async fn one_by_one(&self, changes: &[Change]) -> Result<Vec<Reply>, StoreError> {
        let mut replies = Vec::with_capacity(changes.len());
        for change in changes {
            let stopped =
                self.has(Bug::StopsAtTheFirstRefusal) && replies.iter().any(|it: &Reply| !it.is_applied());
            if stopped {
                replies.push(Reply::Stale);
            } else {
                replies.extend(self.inner.apply(slice::from_ref(change)).await?);
            }
        }
        Ok(replies)
    }
}

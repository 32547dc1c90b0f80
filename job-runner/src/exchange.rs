//! The pump's calls to the store: what ended is given back and what is due is taken, in one call where that can be.

use crate::{clock::Instant, heart::fence, orphans, outbox::Batch, pump::Pump};
use job_core::{
    Change, Job, JobStatus, Reply,
    store::{Claim, Claimed, JobStoreExt, StoreError},
};

impl<C: Clone + Send + Sync + 'static> Pump<'_, C> {
    /// Sends what is there and claims what there is room for. False if there was neither.
    pub(crate) async fn exchange(&mut self) -> Result<bool, StoreError> {
        self.state.outbox.wake(self.clock.instant());
        self.store_lines().await?;
        self.adopt_orphans().await?;
        let taking_keys = self.state.outbox.take(true);
        let moved = !taking_keys.is_empty();
        if moved {
            self.apply(taking_keys).await?;
        }
        let batch = self.state.outbox.take(false);
        let claim = self.next_claim(batch.len());
        match claim {
            None if batch.is_empty() => return Ok(moved),
            None => self.apply(batch).await?,
            Some(claim) => self.exchange_for(batch, &claim).await?,
        }
        Ok(true)
    }

    async fn apply(&mut self, batch: Batch) -> Result<(), StoreError> {
        match self.store.apply(&batch.changes).await {
            Ok(replies) => self.replied(batch, replies).await,
            Err(error) => {
                self.state.outbox.put_back(batch);
                Err(error)
            }
        }
    }

    async fn exchange_for(&mut self, batch: Batch, claim: &Claim) -> Result<(), StoreError> {
        let asked = self.clock.instant();
        let answer = if batch.is_empty() {
            self.store.claim(claim).await.map(|claimed| (Vec::new(), claimed))
        } else {
            self.store.exchange(&batch.changes, claim).await
        };
        match answer {
            Ok((replies, claimed)) => {
                // In this order: a successor that the call itself made ready is not noticed as one that came later, and a
                // job that waits again and was claimed at once is let go before it is taken in.
                self.fetcher.got(claim, claimed.jobs.len() + claimed.unreadable.len());
                if let Some(now) = claimed.jobs.first().and_then(|it| it.state.date_started()) {
                    self.clock.saw(now);
                }
                let settled = self.replied(batch, replies).await;
                self.start(claimed, asked);
                settled
            }
            Err(error) => {
                self.state.doubted.get_or_insert(asked);
                self.state.outbox.put_back(batch);
                Err(error)
            }
        }
    }

    /// Starts what was claimed, or gives it back if it came too late.
    fn start(&mut self, claimed: Claimed, asked: Instant) {
        let fence = fence(asked, self.fetcher.claim().lease, self.clock.since(asked));
        if self.stop.is_cancelled() {
            self.executor.release(claimed, fence);
        } else {
            self.executor.start(claimed, fence);
        }
    }

    /// The claim to be made while `batch` changes are settled; `None` if nothing may be claimed.
    fn next_claim(&mut self, batch: usize) -> Option<Claim> {
        if self.stop.is_cancelled() || self.lost.is_cancelled() {
            return None;
        }
        let unsettled = self.attempts.len().saturating_sub(batch);
        self.fetcher.next(self.free(unsettled), unsettled == 0)
    }

    /// A slot is taken until the end of its attempt is settled, so that a store that is slow slows the runner down. The
    /// slots of zombies are filled again, but only once over, and not if they hold all threads there can be.
    pub(crate) fn free(&self, unsettled: usize) -> usize {
        if self.executor.handlers.is_full() {
            return 0;
        }
        let zombies = self.attempts.zombies().len().saturating_sub(self.terms.slots);
        self.terms.slots.saturating_sub(unsettled + zombies)
    }

    async fn replied(&mut self, batch: Batch, replies: Vec<Reply>) -> Result<(), StoreError> {
        // A store that answers too little is asked again.
        let replies = replies.into_iter().chain(std::iter::repeat(Reply::Busy));
        let mut failed = Ok(());
        for ((change, judged), reply) in batch.changes.into_iter().zip(batch.judged).zip(replies) {
            if reply == Reply::Busy {
                self.state.outbox.keep((change, judged), &self.clock);
                continue;
            }
            let itself = match self.completed_itself(&change, &judged.job, reply).await {
                Ok(itself) => itself,
                Err(error) => {
                    // Sent again, and answered the same, once the row can be read.
                    self.state.outbox.keep((change, judged), &self.clock);
                    failed = Err(error);
                    continue;
                }
            };
            self.let_go(judged.job.id, &judged.job);
            if itself {
                self.aftermath.proven(&judged.job.spec.type_name);
            } else {
                self.aftermath.settled((change, judged), reply);
            }
        }
        failed
    }

    /// Whether a stale change is so because the handler's own transaction completed the job, and it failed after that.
    async fn completed_itself(&self, change: &Change, job: &Job, reply: Reply) -> Result<bool, StoreError> {
        let entry = self.executor.registry.get(&job.spec.type_name);
        if reply != Reply::Stale || !entry.is_some_and(|it| it.transactional) {
            return Ok(false);
        }
        let Some(stored) = self.store.get(job.id).await? else { return Ok(false) };
        let own =
            stored.state.changed_by() == Some(change.by) && stored.state.revision() == change.expected.next();
        Ok(own && stored.state.status() == JobStatus::Completed)
    }

    async fn store_lines(&mut self) -> Result<(), StoreError> {
        self.state.lines.extend(self.attempts.take_unsaved());
        if !self.state.lines.is_empty() {
            self.notes.append(&self.state.lines).await?;
            self.state.lines.clear();
        }
        Ok(())
    }

    async fn adopt_orphans(&mut self) -> Result<(), StoreError> {
        if let Some(asked) = self.state.doubted {
            let claimed = orphans::find(&self.store, self.fetcher.claim(), &self.attempts).await?;
            self.state.doubted = None;
            self.start(claimed, asked);
        }
        Ok(())
    }
}

//! The pump's calls to the store: what ended is given back and what is due is taken, in one call where that can be.

use crate::{clock::Instant, fetcher::Room, heart::fence, orphans, outbox::Batch, pump::Pump};
use job_core::{
    Change, Job, JobStatus, Reply,
    store::{Claim, Claimed, JobStore, JobStoreExt, StoreError},
};
use std::sync::Arc;

impl<C: Clone + Send + Sync + 'static> Pump<'_, C> {
    /// Sends what is there and claims what there is room for. False if there was neither.
    pub(crate) async fn exchange(&mut self) -> Result<bool, StoreError> {
        self.state.outbox.wake(self.run.clock.instant());
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
        match self.store().apply(&batch.changes).await {
            Ok(replies) => self.replied(batch, replies).await,
            Err(error) => {
                self.state.outbox.put_back(batch);
                Err(error)
            }
        }
    }

    async fn exchange_for(&mut self, batch: Batch, claim: &Claim) -> Result<(), StoreError> {
        let asked = self.run.clock.instant();
        let answer = if batch.is_empty() {
            self.store().claim(claim).await.map(|claimed| (Vec::new(), claimed))
        } else {
            self.store().exchange(&batch.changes, claim).await
        };
        match answer {
            Ok((replies, claimed)) => {
                // In this order: a successor that the call itself made ready is not noticed as one that came later, and a
                // job that waits again and was claimed at once is let go before it is taken in.
                self.fetcher.got(claim, claimed.jobs.len() + claimed.unreadable.len());
                if let Some(now) = claimed.jobs.first().and_then(|it| it.state.date_started()) {
                    self.run.clock.saw(now);
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

    /// Starts what was claimed, or gives it back: what came too late, and what has one among it that must not wait in
    /// line. The next claim takes then what can start at once. Nothing is started before that is stored: it might bring
    /// the process down before the others are given back.
    fn start(&mut self, claimed: Claimed, asked: Instant) {
        let fence = fence(asked, self.fetcher.claim().lease, self.run.clock.since(asked));
        if self.is_closed() {
            self.executor.release(claimed, fence);
            return;
        }
        match crashed_in_line(&claimed.jobs, self.run.handlers.free()) {
            None => {
                let started = u64::try_from(claimed.jobs.len()).unwrap_or(u64::MAX);
                self.state.left = self.state.left.saturating_sub(started);
                self.executor.start(claimed, fence);
            }
            Some(job) => {
                self.fetcher.no_prefetch(job.state.queue());
                self.executor.release(claimed, fence);
            }
        }
    }

    /// Whether nothing may be claimed just now, whatever room there is.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_stopping()
            || self.run.lost.is_cancelled()
            || self.terms.tidings.is_disabled()
            || self.state.left == 0
    }

    /// The claim to be made while `batch` changes are settled; `None` if nothing may be claimed.
    fn next_claim(&mut self, batch: usize) -> Option<Claim> {
        if self.is_closed() {
            return None;
        }
        let unsettled = self.run.attempts.len().saturating_sub(batch);
        let left = usize::try_from(self.state.left).unwrap_or(usize::MAX);
        let slots = self.free(unsettled).min(left);
        let ahead = match self.terms.prefetch {
            Some(ahead) => ahead,
            None => self.state.tempo.rate(self.run.clock.instant()).min(self.run.slots()),
        };
        let ahead = ahead.min(left - slots);
        let attempts = &self.run.attempts;
        self.fetcher.next(Room { slots, ahead, idle: unsettled == 0 }, |queue| attempts.of_queue(queue))
    }

    /// A slot is taken until the end of its attempt is settled, so that a store that is slow slows the runner down.
    /// Zombies keep those that are not given to others, and there is no free one without a thread.
    pub(crate) fn free(&self, unsettled: usize) -> usize {
        if self.run.handlers.are_full() {
            return 0;
        }
        let zombies = self.run.attempts.zombies().iter().filter(|it| it.has_slot()).count();
        self.run.slots().saturating_sub(unsettled + zombies)
    }

    fn store(&self) -> &Arc<dyn JobStore> {
        &self.run.setup.opened.store
    }

    async fn replied(&mut self, batch: Batch, replies: Vec<Reply>) -> Result<(), StoreError> {
        // A store that answers too little is asked again.
        let replies = replies.into_iter().chain(std::iter::repeat(Reply::Busy));
        let mut failed = Ok(());
        for ((change, judged), reply) in batch.changes.into_iter().zip(batch.judged).zip(replies) {
            if reply == Reply::Busy {
                self.state.outbox.keep((change, judged), &self.run.clock);
                continue;
            }
            let itself = match self.completed_itself(&change, &judged.job, reply).await {
                Ok(itself) => itself,
                Err(error) => {
                    // Sent again, and answered the same, once the row can be read.
                    self.state.outbox.keep((change, judged), &self.run.clock);
                    failed = Err(error);
                    continue;
                }
            };
            self.let_go(judged.job.id, &judged.job);
            if itself {
                self.aftermath.proven(&judged.job, judged.ran);
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
        let stored = match self.store().get(job.id).await {
            Ok(Some(stored)) => stored,
            // One bad row is no reason to stop.
            Ok(None) | Err(StoreError::Corrupt { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let own =
            stored.state.changed_by() == Some(change.by) && stored.state.revision() == change.expected.next();
        Ok(own && stored.state.status() == JobStatus::Completed)
    }

    async fn store_lines(&mut self) -> Result<(), StoreError> {
        self.state.lines.extend(self.run.attempts.take_unsaved());
        if !self.state.lines.is_empty() {
            self.run.setup.opened.notes.append(&self.state.lines).await?;
            self.state.lines.clear();
        }
        Ok(())
    }

    async fn adopt_orphans(&mut self) -> Result<(), StoreError> {
        if let Some(asked) = self.state.doubted {
            let claimed = orphans::find(self.store(), self.fetcher.claim(), &self.run.attempts).await?;
            self.state.doubted = None;
            self.start(claimed, asked);
        }
        Ok(())
    }
}

/// One of `jobs` that has crashed before, where there are more of them than `free` slots: if it brings the process down
/// again, then not with a crash on the account of those that only wait.
fn crashed_in_line(jobs: &[Job], free: usize) -> Option<&Job> {
    if jobs.len() <= free { None } else { jobs.iter().find(|it| it.state.crash_count() > 0) }
}

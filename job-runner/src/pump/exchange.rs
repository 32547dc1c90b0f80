//! The pump's calls to the store: what ended is given back and what is due is taken, in one call where that can be.

use crate::{
    attempt::logbook,
    clock::Instant,
    lease::heart::fence,
    pump::{
        Pump,
        fetcher::Room,
        flights::{Landed, share},
        orphans,
        outbox::{BATCH, Batch},
    },
    run::many,
};
use job_core::{
    Change, Job, JobStatus, Reply,
    store::{Claim, Claimed, JobStore, JobStoreExt, StoreError},
};
use std::sync::Arc;

impl<C: Clone + Send + Sync + 'static> Pump<'_, C> {
    /// Sends what is there and claims what there is room for, and waits for no answer but those to changes that go by
    /// themselves or take a key back. False if nothing was sent.
    pub(crate) async fn exchange(&mut self) -> Result<bool, StoreError> {
        self.state.outbox.wake(self.run.clock.instant());
        self.store_lines().await?;
        if !self.adopt_orphans().await? {
            return Ok(false);
        }
        let mut moved = false;
        while let Some(batch) = self.state.outbox.take_apart() {
            moved = true;
            self.apply(batch).await?;
        }
        let taking_keys = self.state.outbox.take(true);
        if !taking_keys.is_empty() {
            moved = true;
            self.apply(taking_keys).await?;
        }
        while self.send() {
            moved = true;
        }
        Ok(moved)
    }

    async fn apply(&mut self, batch: Batch) -> Result<(), StoreError> {
        match self.store().apply(&batch.changes).await {
            Ok(replies) => self.replied(batch, replies).await,
            Err(error) => {
                self.state.outbox.put_back(batch, &error, &self.run.clock);
                Err(error)
            }
        }
    }

    /// Makes the next call, if there is one to make.
    fn send(&mut self) -> bool {
        let Some(least) = self.state.flights.room(self.run.slots()) else { return false };
        let settling = self.state.outbox.ready().min(BATCH);
        let claim = self.next_claim(settling);
        let claiming = claim.as_ref().map_or(0, |it| many(it.limit.get()));
        if settling.max(claiming) < least.max(1) {
            return false;
        }
        let batch = self.state.outbox.take(false);
        let since = (self.run.clock.instant(), self.fetcher.seen());
        self.state.flights.send(self.store().clone(), batch, claim, since);
        true
    }

    /// Takes in what the store has answered.
    pub(crate) async fn landed(&mut self, landed: Landed) -> Result<(), StoreError> {
        let Landed { batch, claim, asked, seen, answer } = landed;
        match answer {
            Ok((replies, claimed)) => {
                self.state.answered = true;
                if let Some(claim) = &claim {
                    self.fetcher.got(claim, claimed.jobs.len() + claimed.unreadable.len(), seen);
                }
                if let Some(now) = claimed.jobs.first().and_then(|it| it.state.date_started()) {
                    self.run.clock.saw(now);
                }
                let settled = self.replied(batch, replies).await;
                self.start(claimed, asked);
                settled
            }
            Err(error) => {
                if claim.is_some() {
                    let asked = self.state.doubted.map_or(asked, |it| it.min(asked));
                    self.state.doubted = Some(asked);
                }
                self.state.outbox.put_back(batch, &error, &self.run.clock);
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
        let free = self.run.handlers.free();
        let crashed = crashed_in_line(&claimed.jobs, free);
        // The call under way beside the one that brought them; what that one brought is not given back yet.
        let beside = || claimed.jobs.iter().find(|it| it.state.crash_count() > 0 && self.is_held_back(it));
        match crashed.or_else(beside) {
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

    fn is_held_back(&self, job: &Job) -> bool {
        self.fetcher.is_bare(job.state.queue())
    }

    /// Whether nothing may be claimed just now, whatever room there is.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_stopping()
            || self.run.lost.is_cancelled()
            || self.terms.tidings.is_disabled()
            || self.state.left == 0
    }

    /// The claim to be made while `batch` changes are settled; `None` if nothing may be claimed, or just now nothing more,
    /// because hooks and reporters do not keep up with what there is.
    fn next_claim(&mut self, batch: usize) -> Option<Claim> {
        if self.is_closed() || self.run.backlog.is_full() {
            return None;
        }
        let (settling, claiming) = (batch + self.state.flights.settling(), self.state.flights.claiming());
        let unsettled = self.run.attempts.len().saturating_sub(settling) + claiming;
        let left = usize::try_from(self.state.left).unwrap_or(usize::MAX).saturating_sub(claiming);
        let slots = self.free(unsettled).min(left);
        let ahead = match self.terms.prefetch {
            Some(ahead) => ahead,
            None => self.state.tempo.rate(self.run.clock.instant()).min(self.run.slots()),
        };
        let ahead = ahead.min(left - slots);
        let room = Room { slots, ahead, most: share(self.run.slots()), idle: unsettled == 0 };
        let (attempts, flights) = (&self.run.attempts, &self.state.flights);
        self.fetcher.next(room, |queue| (attempts.of_queue(queue), flights.claiming_of(queue)))
    }

    /// A slot is taken until the end of its attempt is settled, so that a store that is slow slows the runner down.
    /// Zombies keep those that are not given to others, and there is no free one without a thread.
    pub(crate) fn free(&self, unsettled: usize) -> usize {
        if self.run.handlers.are_stuck() {
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
            self.let_go(&judged.job);
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
        logbook::store(&self.run.setup.opened.notes, &mut self.state.lines).await
    }

    /// Takes in what a claim started whose reply was lost. False if that has to wait: what a call under way claims would
    /// be taken for the same.
    async fn adopt_orphans(&mut self) -> Result<bool, StoreError> {
        let Some(asked) = self.state.doubted else { return Ok(true) };
        if !self.state.flights.is_empty() {
            return Ok(false);
        }
        let claimed = orphans::find(self.store(), self.fetcher.claim(), &self.run.attempts).await?;
        self.state.doubted = None;
        // What another call found empty may have been what this one held.
        self.fetcher.look_again();
        self.start(claimed, asked);
        Ok(true)
    }
}

/// One of `jobs` that has crashed before, where there are more of them than `free` slots: if it brings the process down
/// again, then not with a crash on the account of those that only wait.
fn crashed_in_line(jobs: &[Job], free: usize) -> Option<&Job> {
    if jobs.len() <= free { None } else { jobs.iter().find(|it| it.state.crash_count() > 0) }
}

//! The pump: takes what is due, hands it to the executor, and gives back what ended, in one call where it can.

use crate::{
    LeaseDoubt,
    aftermath::Aftermath,
    attempts::Attempts,
    backoff::Backoff,
    clock::{Instant, RunnerClock},
    executor::{End, Ended, Executor},
    fetcher::Fetcher,
    judge::Judge,
    outbox::{BATCH, Outbox},
    running::Running,
};
use job_core::{
    Job, JobId, Note, Outcome,
    store::{JobStore, Notes, StoreError},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Fetches and settles.
pub(crate) struct Pump<'a, C> {
    pub(crate) store: Arc<dyn JobStore>,
    pub(crate) notes: Arc<dyn Notes>,
    pub(crate) clock: Arc<RunnerClock>,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) executor: Executor<C>,
    pub(crate) ended: UnboundedReceiver<Ended>,
    pub(crate) fetcher: Fetcher,
    pub(crate) judge: Arc<Judge<C>>,
    pub(crate) aftermath: &'a mut Aftermath<C>,
    pub(crate) terms: PumpTerms,
    /// Told to stop: claim nothing, and end within the grace.
    pub(crate) stop: CancellationToken,
    /// The section is somebody else's, or may be: claim nothing.
    pub(crate) lost: CancellationToken,
    pub(crate) state: PumpState,
}

/// What does not change while it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PumpTerms {
    pub(crate) slots: usize,
    pub(crate) grace: Duration,
    pub(crate) doubt: LeaseDoubt,
}

/// What changes.
#[derive(Debug, Default)]
pub(crate) struct PumpState {
    pub(crate) outbox: Outbox,
    /// Lines that handlers logged, to be stored.
    pub(crate) lines: Vec<Note>,
    /// Once it was told to stop: until when handlers have time.
    pub(crate) grace_ends: Option<Instant>,
    /// A claim was sent then and not answered: it may have started jobs that nobody knows of.
    pub(crate) doubted: Option<Instant>,
}

impl<C: Clone + Send + Sync + 'static> Pump<'_, C> {
    /// Runs until there is nothing left to do: nothing due that may be claimed, nothing under way, nothing to settle.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store broke, or was away for a whole lease.
    pub(crate) async fn run(&mut self) -> Result<(), StoreError> {
        let mut backoff = Backoff::default();
        loop {
            self.gather().await;
            // One reading of the clock a round: what is not over for the one is still to come for the other.
            let now = self.clock.instant();
            self.heed_stop(now);
            match self.exchange().await {
                Ok(true) => backoff.reset(&self.clock),
                Ok(false) if self.is_done() => return Ok(()),
                Ok(false) => self.wait(now).await,
                Err(error) if error.is_transient() => {
                    let (delay, away) = backoff.failed(&error, &self.clock);
                    let gives_up = self.terms.doubt == LeaseDoubt::Stop || self.stop.is_cancelled();
                    if gives_up && away >= self.fetcher.claim().lease {
                        return Err(error);
                    }
                    tokio::time::sleep(delay).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes in all that has ended, for as long as more comes: a batch is what is there, and waits for nobody.
    async fn gather(&mut self) {
        loop {
            let before = self.state.outbox.ready();
            while let Ok(ended) = self.ended.try_recv() {
                self.take(ended);
            }
            let now = self.state.outbox.ready();
            if now == before || now >= BATCH || now >= self.attempts.len() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    fn take(&mut self, Ended { running, end }: Ended) {
        self.state.lines.extend(running.take_lines());
        let job = running.job.clone();
        let id = job.id;
        let sentence = match end {
            End::Left => {
                let waiting = self.executor.handlers.look(&self.attempts);
                waiting.into_iter().for_each(|it| self.release(it));
                return;
            }
            End::Proven => {
                self.let_go(id, &job);
                self.aftermath.proven(&job.spec.type_name);
                return;
            }
            End::Released => self.judge.release(job),
            // A handler that heeds the stop ends with an error, as a rule; that is not the job's.
            End::Outcome(Outcome::Failed(_), _) if self.state.grace_ends.is_some() => self.judge.release(job),
            End::Outcome(outcome, errors) => {
                let due_by = self.fetcher.claim().due_by;
                self.judge.end(job, (outcome, errors), due_by, running.elapsed())
            }
        };
        match sentence {
            Some(sentence) => self.state.outbox.push(sentence),
            None => self.let_go(id, &running.job),
        }
    }

    pub(crate) fn let_go(&mut self, id: JobId, job: &Job) {
        self.attempts.remove(id);
        self.fetcher.settled(job.spec.turn.is_some());
    }

    /// Once it was told to stop, tells the handlers, gives back what has not started, and after the grace the rest.
    fn heed_stop(&mut self, now: Instant) {
        if !self.stop.is_cancelled() {
            return;
        }
        if self.state.grace_ends.is_none() {
            self.state.grace_ends = Some(now + self.terms.grace);
            self.attempts.all().iter().for_each(|it| it.token.cancel());
            self.attempts.give_up_queued(|_| true).into_iter().for_each(|it| self.release(it));
        }
        if self.state.grace_ends.is_some_and(|ends| ends <= now) {
            self.attempts.give_up().into_iter().for_each(|(it, _)| self.release(it));
        }
    }

    fn release(&mut self, running: Arc<Running>) {
        self.take(Ended { running, end: End::Released });
    }

    fn is_done(&self) -> bool {
        if self.attempts.len() > 0 || !self.state.outbox.is_empty() {
            return false;
        }
        let closed = self.stop.is_cancelled() || self.lost.is_cancelled();
        if !closed && !self.fetcher.is_dry() && self.free(0) == 0 {
            warn!("Every slot is held by a handler that ran out of time; the rest is left to the next run.");
            return true;
        }
        closed || self.fetcher.is_dry()
    }

    /// Waits until something has ended, is to be sent again, or is to stop.
    async fn wait(&mut self, now: Instant) {
        let far = now + Duration::from_secs(3600);
        let grace_ends = self.state.grace_ends.filter(|it| *it > now);
        let woken = self.state.outbox.next_wake().into_iter().chain(grace_ends).min().unwrap_or(far);
        tokio::select! {
            ended = self.ended.recv() => {
                if let Some(ended) = ended {
                    self.take(ended);
                }
            }
            () = tokio::time::sleep_until(woken) => {}
            () = self.stop.cancelled(), if self.state.grace_ends.is_none() => {}
        }
    }
}

//! The pump: takes what is due, hands it to the executor, and gives back what ended, in one call where it can.

use crate::{
    aftermath::Aftermath,
    backoff::Backoff,
    clock::Instant,
    ending::Ending,
    executor::{End, Ended, Executor},
    fetcher::Fetcher,
    outbox::{BATCH, Outbox},
    run::Run,
    running::{Running, Told},
    tempo::Tempo,
    tidings::Tidings,
};
use job_core::{Job, JobId, Note, Outcome, store::StoreError};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

/// How long a call to the store may take before somebody should worry.
const CALL: Duration = Duration::from_secs(30);

/// How long the store may take for the last ends, once handlers have no more time.
const LAST_CALLS: Duration = Duration::from_secs(1);

/// Fetches and settles.
pub(crate) struct Pump<'a, C> {
    pub(crate) run: &'a Run<C>,
    pub(crate) terms: PumpTerms,
    pub(crate) executor: Executor<C>,
    pub(crate) ended: UnboundedReceiver<Ended>,
    pub(crate) fetcher: Fetcher,
    pub(crate) aftermath: &'a mut Aftermath<C>,
    pub(crate) state: PumpState,
}

/// What does not change while it runs.
#[derive(Debug)]
pub(crate) struct PumpTerms {
    /// How many jobs are claimed beyond free slots; if it is not said, by the tempo, but never more than there are slots.
    pub(crate) prefetch: Option<usize>,
    /// For how long the store may be away; for ever, if it is not said.
    pub(crate) gives_up: Option<Duration>,
    /// Whether a store that broke is tried again too, as long as that may pass.
    pub(crate) tireless: bool,
    /// Fires once it has claimed, or looked, for the first time.
    pub(crate) ready: CancellationToken,
    pub(crate) tidings: Arc<Tidings>,
}

/// What changes.
#[derive(Debug)]
pub(crate) struct PumpState {
    pub(crate) outbox: Outbox,
    /// Lines that handlers logged, to be stored.
    pub(crate) lines: Vec<Note>,
    /// Once it was told to stop: until when handlers have time.
    pub(crate) grace_ends: Option<Instant>,
    /// A claim was sent then and not answered: it may have started jobs that nobody knows of.
    pub(crate) doubted: Option<Instant>,
    /// How many jobs may still be started.
    pub(crate) left: u64,
    pub(crate) tempo: Tempo,
}

impl PumpState {
    pub(crate) fn new(limit: Option<u64>, now: Instant) -> Self {
        Self {
            outbox: Outbox::default(),
            lines: Vec::new(),
            grace_ends: None,
            doubted: None,
            left: limit.unwrap_or(u64::MAX),
            tempo: Tempo::new(now),
        }
    }
}

impl<C: Clone + Send + Sync + 'static> Pump<'_, C> {
    /// Runs until there is nothing left to do: nothing that may be claimed, nothing under way, nothing to settle.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store broke, was away for too long, or did not answer any more before the end.
    pub(crate) async fn run(&mut self) -> Result<(), StoreError> {
        let run = self.run;
        let mut leaving = pin!(leaving(run));
        let mut backoff = Backoff::default();
        loop {
            self.gather().await;
            self.fetcher.woken(&self.terms.tidings.take_woken());
            // One reading of the clock a round: what is not over for the one is still to come for the other.
            let now = run.clock.instant();
            self.heed_stop(now);
            self.heed_zombies();
            self.measure();
            run.pulse.pump_turns(now + CALL);
            let exchanged = tokio::select! {
                biased;
                it = self.exchange() => it,
                () = &mut leaving => return Err(StoreError::Unavailable("no answer before the end".into())),
            };
            match exchanged {
                Ok(moved) => {
                    self.terms.ready.cancel();
                    backoff.reset(&run.clock);
                    if !moved && self.is_done() {
                        return Ok(());
                    }
                    if !moved {
                        self.wait(now).await;
                    }
                }
                Err(error) if error.is_transient() || (self.terms.tireless && may_pass(&error)) => {
                    let (delay, away) = backoff.failed(&error, &run.clock);
                    if self.terms.gives_up.is_some_and(|it| away >= it) {
                        return Err(error);
                    }
                    tokio::select! {
                        () = tokio::time::sleep(delay) => {}
                        () = &mut leaving => return Err(error),
                    }
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
            if now == before || now >= BATCH || now >= self.run.attempts.len() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    fn take(&mut self, Ended { running, end }: Ended) {
        self.state.lines.extend(running.take_lines());
        let job = running.job.clone();
        let id = job.id;
        let judge = &self.run.judge;
        let due_by = self.fetcher.claim().due_by;
        let sentence = match end {
            End::Left => {
                let waiting = self.run.handlers.look(&self.run.attempts);
                waiting.into_iter().for_each(|it| self.release(it));
                return;
            }
            End::Proven => {
                self.let_go(id, &job);
                self.aftermath.proven(&job, running.elapsed());
                return;
            }
            End::Released => judge.release(job),
            End::Outcome(ending) => match running.told().filter(|_| ending.is_error()) {
                None => judge.end(job, ending, due_by, running.elapsed()),
                // A handler that heeds its token ends with an error, as a rule.
                Some(Told::TimeUp) => {
                    let outcome = Outcome::TimedOut(running.timeout());
                    judge.end(job, Ending { outcome, ..ending }, due_by, running.elapsed())
                }
                Some(Told::InDoubt | Told::Lost | Told::Stopping) => judge.release(job),
            },
        };
        self.state.tempo.count(self.run.clock.instant());
        match sentence {
            Some(sentence) => self.state.outbox.push(sentence),
            None => self.let_go(id, &running.job),
        }
    }

    pub(crate) fn let_go(&mut self, id: JobId, job: &Job) {
        self.run.attempts.remove(id);
        self.fetcher.settled(job.spec.turn.is_some());
    }

    /// Whether it was told to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.run.setup.stop.is_cancelled() || self.run.setup.release.is_cancelled()
    }

    /// Once it was told to stop, gives back what has not started, tells the handlers, and after the grace gives back the
    /// rest.
    fn heed_stop(&mut self, now: Instant) {
        if self.terms.tidings.is_disabled() {
            self.release_queued();
        }
        if !self.is_stopping() {
            return;
        }
        if self.state.grace_ends.is_none() {
            self.state.grace_ends = Some(now + self.run.settings().grace);
            // First, so that none of them starts in a slot that a handler leaves because it was told.
            self.release_queued();
            self.run.attempts.all().iter().for_each(|it| it.tell(Told::Stopping));
        }
        if self.run.setup.release.is_cancelled() || self.state.grace_ends.is_some_and(|ends| ends <= now) {
            self.run.attempts.give_up().into_iter().for_each(|(it, _)| self.release(it));
        }
    }

    fn release_queued(&mut self) {
        self.run.attempts.give_up_queued(|_| true).into_iter().for_each(|it| self.release(it));
    }

    fn release(&mut self, running: Arc<Running>) {
        self.take(Ended { running, end: End::Released });
    }

    /// How things stand, for whoever measures.
    fn measure(&self) {
        let (unsettled, waiting) = (self.run.attempts.len(), self.state.outbox.len());
        let zombies = self.run.attempts.zombies().len();
        let running = unsettled.saturating_sub(waiting);
        self.run.metrics.stand(running, self.free(unsettled), waiting, zombies);
    }

    /// Says so loudly once zombies hold every slot.
    fn heed_zombies(&self) {
        let stuck = self.free(0) == 0;
        if !self.run.pulse.set_stuck(stuck) && stuck {
            let zombies = self.run.attempts.zombies().len();
            error!(
                zombies,
                "Every slot is held by a handler that ran out of time and does not end: nothing is claimed any more."
            );
        }
    }

    fn is_done(&self) -> bool {
        if self.run.attempts.len() > 0 || !self.state.outbox.is_empty() {
            return false;
        }
        let closed = self.is_stopping() || self.run.lost.is_cancelled() || self.state.left == 0;
        if !closed && !self.terms.tireless && !self.fetcher.is_dry() && self.free(0) == 0 {
            warn!("The rest is left to the next run.");
            return true;
        }
        closed || self.fetcher.is_dry()
    }

    /// Waits until something has ended, is to be sent again or looked for, or is to stop.
    async fn wait(&mut self, now: Instant) {
        let run = self.run;
        let far = now + Duration::from_secs(3600);
        let grace_ends = self.state.grace_ends.filter(|it| *it > now);
        let claims = !self.is_closed() && self.free(run.attempts.len()) > 0;
        let look = self.fetcher.next_look().filter(|_| claims);
        let wakes = self.state.outbox.next_wake().into_iter().chain(grace_ends).chain(look);
        let woken = wakes.min().unwrap_or(far);
        run.pulse.pump_turns(woken);
        let (stop, release) = (&run.setup.stop, &run.setup.release);
        tokio::select! {
            ended = self.ended.recv() => {
                if let Some(ended) = ended {
                    self.take(ended);
                }
            }
            () = tokio::time::sleep_until(woken) => {}
            () = self.terms.tidings.news() => {}
            () = stop.cancelled(), if !self.is_stopping() => {}
            () = release.cancelled(), if !release.is_cancelled() => {}
        }
    }
}

/// Whether an error that is none of the store's absence may pass all the same, as a full disk does.
fn may_pass(error: &StoreError) -> bool {
    !matches!(error, StoreError::Denied(_) | StoreError::Schema(_))
}

/// Ends when a run that was told to stop has no time left, not even for its last calls.
async fn leaving<C>(run: &Run<C>) {
    let Run { setup, .. } = run;
    let graceful = async {
        setup.stop.cancelled().await;
        tokio::time::sleep(setup.settings.grace).await;
    };
    tokio::select! {
        () = graceful => {}
        () = setup.release.cancelled() => {}
    }
    tokio::time::sleep(LAST_CALLS).await;
}

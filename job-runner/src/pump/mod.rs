//! The pump: takes what is due, hands it to the executor, and gives back what ended, in one call where it can.

pub(crate) mod exchange;
pub(crate) mod fetcher;
pub(crate) mod flights;
pub(crate) mod halt;
pub(crate) mod lane;
pub(crate) mod orphans;
pub(crate) mod outbox;
pub(crate) mod tempo;

use crate::{
    attempt::{
        aftermath::Aftermath,
        executor::{End, Ended, Executor},
        running::Told,
    },
    backoff::Backoff,
    clock::Instant,
    pump::{
        fetcher::Fetcher,
        flights::Flights,
        halt::{leaving, unanswered},
        outbox::{BATCH, Outbox},
        tempo::Tempo,
    },
    run::{Run, tidings::Tidings},
};
use job_core::{Job, Note, store::StoreError};
use std::{mem, pin::pin, sync::Arc, time::Duration};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;
use tracing::error;

/// How long a call to the store may take before somebody should worry.
const CALL: Duration = Duration::from_secs(30);

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
    /// How many jobs are claimed beyond free slots; by default by the tempo, but never more than there are slots.
    pub(crate) prefetch: Option<usize>,
    /// For how long the store may be away; by default for ever.
    pub(crate) gives_up: Option<Duration>,
    /// Whether a store that broke is tried again too, as long as that may pass.
    pub(crate) tireless: bool,
    /// Fires once it has claimed, or looked, for the first time.
    pub(crate) ready: CancellationToken,
    pub(crate) tidings: Arc<Tidings>,
}

/// Why it has ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Finish {
    /// There is nothing left to do, or it was told to stop.
    Done,
    /// There may be more, but handlers that ran out of time and do not end hold every slot of a script.
    Stuck,
}

/// What changes.
#[derive(Debug)]
pub(crate) struct PumpState {
    pub(crate) outbox: Outbox,
    pub(crate) flights: Flights,
    /// The store has answered since somebody looked.
    pub(crate) answered: bool,
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
            flights: Flights::default(),
            answered: false,
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
    pub(crate) async fn run(&mut self) -> Result<Finish, StoreError> {
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
            run.pulse.pump_turns(self.state.flights.oldest().unwrap_or(now) + CALL);
            let turned = tokio::select! {
                biased;
                it = self.turn(now) => it,
                () = &mut leaving => return Err(unanswered()),
            };
            match turned {
                Ok(finish) => {
                    if mem::take(&mut self.state.answered) || self.state.flights.is_empty() {
                        self.terms.ready.cancel();
                        backoff.reset(&run.clock);
                    }
                    if let Some(finish) = finish {
                        return Ok(finish);
                    }
                }
                Err(error) if error.is_transient() || (self.goes_on() && may_pass(&error)) => {
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

    /// Sends and claims, or waits if there is nothing to do just now.
    async fn turn(&mut self, now: Instant) -> Result<Option<Finish>, StoreError> {
        if self.exchange().await? {
            return Ok(None);
        }
        let finish = self.finish();
        if finish.is_none() {
            self.wait(now).await?;
        }
        Ok(finish)
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

    pub(crate) fn take(&mut self, Ended { running, end }: Ended) {
        self.state.lines.extend(running.take_lines());
        let job = running.job.clone();
        let judge = &self.run.judge;
        let due_by = self.fetcher.claim().due_by;
        let sentence = match end {
            End::Left => {
                let waiting = self.run.handlers.look(&self.run.attempts);
                waiting.into_iter().for_each(|it| self.release(it));
                return;
            }
            End::Proven => {
                self.let_go(&job);
                self.aftermath.proven(&job, running.elapsed());
                return;
            }
            End::Released => judge.release(job),
            End::Outcome(ending) => match running.told().filter(|_| ending.is_error()) {
                None => judge.end(job, ending, due_by, running.elapsed()),
                Some(Told::TimeUp) => judge.end(job, ending.out_of_time(&running), due_by, running.elapsed()),
                Some(Told::InDoubt | Told::Lost | Told::Stopping) => judge.release(job),
            },
        };
        self.state.tempo.count(self.run.clock.instant());
        match sentence {
            Some(sentence) => self.state.outbox.push(sentence),
            None => self.let_go(&running.job),
        }
    }

    pub(crate) fn let_go(&mut self, job: &Job) {
        self.run.attempts.remove((job.id, job.state.revision()));
        self.fetcher.settled(job.spec.turn.is_some());
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

    /// Whether there is nothing more to do, now and later.
    fn finish(&self) -> Option<Finish> {
        if self.run.attempts.len() > 0 || !self.state.outbox.is_empty() || !self.state.flights.is_empty() {
            return None;
        }
        let closed = self.is_stopping() || self.run.lost.is_cancelled() || self.state.left == 0;
        if !closed && !self.terms.tireless && !self.fetcher.is_dry() && self.free(0) == 0 {
            return Some(Finish::Stuck);
        }
        (closed || self.fetcher.is_dry()).then_some(Finish::Done)
    }

    /// Whether it tries again what a store failed at. A script only as long as it finds out at which of several changes.
    fn goes_on(&self) -> bool {
        self.terms.tireless || self.state.outbox.has_apart()
    }

    /// Waits until something has ended, was answered, is to be sent again or looked for, or is to stop.
    async fn wait(&mut self, now: Instant) -> Result<(), StoreError> {
        let run = self.run;
        let far = now + Duration::from_secs(3600);
        let grace_ends = self.state.grace_ends.filter(|it| *it > now);
        let flying = !self.state.flights.is_empty();
        let full = run.backlog.is_full();
        let claims = !self.is_closed() && !flying && !full && self.free(run.attempts.len()) > 0;
        let look = self.fetcher.next_look().filter(|_| claims);
        let wakes = self.state.outbox.next_wake().into_iter().chain(grace_ends).chain(look);
        let woken = wakes.min().unwrap_or(far);
        run.pulse.pump_turns(self.state.flights.oldest().map_or(woken, |it| woken.min(it + CALL)));
        let (stop, release) = (&run.setup.stop, &run.setup.release);
        tokio::select! {
            ended = self.ended.recv() => {
                if let Some(ended) = ended {
                    self.take(ended);
                }
            }
            Some(landed) = self.state.flights.next() => return self.landed(landed).await,
            () = tokio::time::sleep_until(woken) => {}
            () = self.terms.tidings.news() => {}
            () = run.backlog.eased(), if full => {}
            () = stop.cancelled(), if !self.is_stopping() => {}
            () = release.cancelled(), if !release.is_cancelled() => {}
        }
        Ok(())
    }
}

/// Whether an error that is none of the store's absence may pass all the same, as a full disk does.
fn may_pass(error: &StoreError) -> bool {
    !matches!(error, StoreError::Denied(_) | StoreError::Schema(_))
}

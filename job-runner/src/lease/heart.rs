//! The heart: renews the leases of everything under way, and tells attempts that lost theirs.

use crate::{
    LeaseDoubt,
    attempt::{attempts::Attempts, logbook, running::Running},
    backoff::Backoff,
    clock::{Instant, RunnerClock},
    lease::section_lock::SectionLock,
    pulse::Pulse,
    pump::outbox::BATCH,
};
use job_core::store::{Held, JobStore, Notes, Renewed, StoreError};
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// What the heart keeps alive.
#[derive(Debug)]
pub(crate) struct Heart {
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) clock: Arc<RunnerClock>,
    pub(crate) pulse: Pulse,
    /// The lock of the section, if the run holds it.
    pub(crate) lock: Option<HeldLock>,
    pub(crate) lease: Duration,
    pub(crate) beat: Duration,
    pub(crate) doubt: LeaseDoubt,
    /// Fires when the section's lock is lost or in doubt, and when the heart breaks.
    pub(crate) lost: CancellationToken,
    /// Ends the heart, between two store calls.
    pub(crate) stop: CancellationToken,
    /// Whether the last beat was not answered, or not yet.
    pub(crate) away: AtomicBool,
}

/// A lock that is held.
#[derive(Debug)]
pub(crate) struct HeldLock {
    lock: SectionLock,
    /// The instant at which it is in doubt.
    fence: Mutex<Instant>,
}

impl HeldLock {
    pub(crate) fn new(lock: SectionLock, fence: Instant) -> Self {
        Self { lock, fence: Mutex::new(fence) }
    }
}

/// When a lease that was asked for at `asked`, and granted `round_trip` later, is in doubt: a fifth of it early, or
/// two round trips, so that a handler that heeds its token is out before somebody else is in.
pub(crate) fn fence(asked: Instant, lease: Duration, round_trip: Duration) -> Instant {
    asked + lease.saturating_sub((lease / 5).max(round_trip * 2))
}

impl Heart {
    /// Beats until it is stopped.
    pub(crate) async fn run(&self, store: Arc<dyn JobStore>, notes: Arc<dyn Notes>) {
        // A heart that breaks must not leave the section to itself.
        let guard = self.lost.clone().drop_guard();
        tokio::join!(self.beats(&store, &notes), self.fences());
        guard.disarm();
    }

    async fn beats(&self, store: &Arc<dyn JobStore>, notes: &Arc<dyn Notes>) {
        let mut backoff = Backoff::default();
        let mut next = self.clock.instant() + self.beat;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = self.stop.cancelled() => return,
            }
            let asked = self.clock.instant();
            self.away.store(true, SeqCst);
            next = match self.beat(store, notes).await {
                Ok(()) => {
                    self.away.store(false, SeqCst);
                    backoff.reset(&self.clock);
                    asked + self.beat
                }
                Err(error) => {
                    // Whatever it is that keeps leases from being renewed may keep those of others too.
                    self.clock.was_away();
                    self.clock.instant() + backoff.failed(&error, &self.clock).0.min(self.beat)
                }
            };
        }
    }

    /// Renews the section's lock and every lease, and stores what handlers have logged.
    async fn beat(&self, store: &Arc<dyn JobStore>, notes: &Arc<dyn Notes>) -> Result<(), StoreError> {
        if let Some(held) = &self.lock {
            self.renew_lock(held, store).await?;
        }
        for batch in self.attempts.leased().chunks(BATCH) {
            self.renew(batch, store).await?;
        }
        let mut lines = self.attempts.take_lines();
        let stored = logbook::store(notes, &mut lines).await;
        self.attempts.keep_unsaved(lines);
        stored
    }

    /// Renews the leases of a batch of attempts, with the progress that they report.
    async fn renew(&self, batch: &[Arc<Running>], store: &Arc<dyn JobStore>) -> Result<(), StoreError> {
        let held: Vec<Held> = batch.iter().map(|it| it.held()).collect();
        let asked = self.clock.instant();
        let renewed = store.renew(&held, self.lease, self.clock.by()).await;
        let fence = fence(asked, self.lease, self.clock.since(asked));
        let (answers, failed) = match renewed {
            Ok(answers) => (answers, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        // Where there is no answer, nothing was stored either.
        let answers = answers.into_iter().chain(std::iter::repeat(Renewed::Busy));
        for ((running, held), renewed) in batch.iter().zip(held).zip(answers) {
            match renewed {
                Renewed::Until(_) => self.attempts.renewed(running.claimed(), fence),
                Renewed::Lost => {
                    self.attempts.lost(running.claimed()).iter().for_each(|it| it.log_lost());
                }
                // Neither lost nor extended: the next beat asks again, and the fence stays where it is.
                Renewed::Busy => held.progress.into_iter().for_each(|it| running.said.keep_progress(it)),
            }
        }
        failed
    }

    async fn renew_lock(&self, held: &HeldLock, store: &Arc<dyn JobStore>) -> Result<(), StoreError> {
        let asked = self.clock.instant();
        if held.lock.renew(store).await? {
            *held.fence.lock() = fence(asked, self.lease, self.clock.since(asked));
        } else if !self.lost.is_cancelled() {
            warn!("The lock of the section was lost to another script. Nothing more is claimed.");
            self.lost.cancel();
        }
        Ok(())
    }

    /// Fires the tokens of attempts whose leases could not be renewed in time. A call to the store that hangs does not
    /// hold this up.
    async fn fences(&self) {
        let lock_fence =
            || self.lock.as_ref().filter(|_| !self.lost.is_cancelled()).map(|it| *it.fence.lock());
        let mut next = self.clock.instant();
        loop {
            self.pulse.heart_turns(next);
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = self.stop.cancelled() => return,
            }
            let now = self.clock.instant();
            if self.doubt == LeaseDoubt::CarryOn && self.away.load(SeqCst) {
                next = now + self.beat;
                continue;
            }
            for running in self.attempts.fence(now) {
                let (id, name) = (running.job.id, &running.job.spec.type_name);
                warn!(
                    job.id = %id, job.type = %name, attempt = running.job.state.attempt_count(),
                    "The lease of {name} job {id} could not be renewed in time; its handler is told to stop."
                );
            }
            if lock_fence().is_some_and(|it| it <= now) {
                warn!("The lock of the section could not be renewed in time. Nothing more is claimed.");
                self.lost.cancel();
            }
            // A claim that is on its way may bring a lease that is in doubt before those that are known.
            let look = now + self.lease / 10;
            next = self
                .attempts
                .next_fence()
                .into_iter()
                .chain(lock_fence())
                .chain([look])
                .min()
                .unwrap_or(look);
        }
    }
}

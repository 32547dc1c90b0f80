//! An attempt under way, as its handler and the loops of the runner share it.

use crate::{
    attempt::{attempts::Claimed, handlers::Slot, said::Said, seats::Seat},
    clock::{Instant, RunnerClock},
    reporting::span_fields::AttemptSpan,
};
use job_core::{AttemptHandle, BoxFuture, Job, LogLevel, LogNote, Note, Progress, Text, store::Held};
use parking_lot::Mutex;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU8, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

/// An attempt under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) job: Arc<Job>,
    /// Fires when the handler should stop.
    token: CancellationToken,
    /// Why it has fired.
    told: OnceLock<Told>,
    /// Where its handler runs.
    place: Mutex<Place>,
    timeout: Duration,
    dispatched: Instant,
    started: OnceLock<Instant>,
    phase: AtomicU8,
    polled: AtomicBool,
    pub(crate) said: Said,
    /// The span that the handler runs in, where somebody keeps its fields.
    pub(crate) span: OnceLock<AttemptSpan>,
    clock: Arc<RunnerClock>,
}

/// What the handler takes up.
#[derive(Debug, Default)]
struct Place {
    /// Dropped before the slot, so that whoever gets that finds a seat.
    seat: Option<Seat>,
    slot: Option<Slot>,
    /// It is gone, or will never come.
    left: bool,
}

/// Why a handler was told to stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Told {
    /// Its time is up.
    TimeUp,
    /// Its lease could not be renewed in time: somebody else may have the job.
    InDoubt,
    /// Somebody else has changed the job.
    Lost,
    /// The runner was told to stop.
    Stopping,
}

/// Handed to the runtime of the handlers, and not polled yet.
const QUEUED: u8 = 0;
/// The handler runs.
const STARTED: u8 = 1;
/// The handler ended, and its result counts.
const ENDED: u8 = 2;
/// The runner has decided how the attempt ended, and what the handler does no longer counts.
const GIVEN_UP: u8 = 3;

/// What an attempt was doing when it was given up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum GivenUp {
    /// Nothing: its handler never starts.
    Queued,
    /// Its handler ran, and may run on as a zombie.
    Started,
}

impl Running {
    pub(crate) fn new(job: Job, timeout: Duration, clock: Arc<RunnerClock>) -> Self {
        Self {
            job: Arc::new(job),
            token: CancellationToken::new(),
            told: OnceLock::new(),
            place: Mutex::default(),
            timeout,
            dispatched: clock.instant(),
            started: OnceLock::new(),
            phase: AtomicU8::new(QUEUED),
            polled: AtomicBool::new(false),
            said: Said::default(),
            span: OnceLock::new(),
            clock,
        }
    }

    /// What tells it from other attempts at the job.
    pub(crate) fn claimed(&self) -> Claimed {
        (self.job.id, self.job.state.revision())
    }

    /// Tells the handler to stop. The first reason is the one that counts, and none does once it is decided how the attempt
    /// ended: an end is not judged by what was told after it. True if this one counts.
    pub(crate) fn tell(&self, why: Told) -> bool {
        let counts = !self.is_decided() && self.told.set(why).is_ok();
        self.token.cancel();
        counts
    }

    /// Says that its job is somebody else's by now.
    pub(crate) fn log_lost(&self) {
        let (id, name) = (self.job.id, &self.job.spec.type_name);
        info!(
            job.id = %id, job.type = %name, attempt = self.job.state.attempt_count(),
            "The {name} job {id} was taken from its handler, which is told to stop."
        );
    }

    /// Why the handler was told to stop, if it was.
    pub(crate) fn told(&self) -> Option<Told> {
        self.told.get().copied()
    }

    /// Takes a slot and a seat; false if the attempt has ended, so that it needs none.
    pub(crate) fn sit(&self, slot: Slot, seat: Seat) -> bool {
        let mut place = self.place.lock();
        if place.left {
            drop(place);
            return false;
        }
        (place.seat, place.slot) = (Some(seat), Some(slot));
        true
    }

    /// Whether it has a slot.
    pub(crate) fn has_slot(&self) -> bool {
        self.place.lock().slot.is_some()
    }

    /// Its slot, for the next one.
    pub(crate) fn give_slot(&self) -> Option<Slot> {
        self.place.lock().slot.take()
    }

    /// The group of threads that its handler runs on, once it has a seat there.
    pub(crate) fn group(&self) -> Option<usize> {
        self.place.lock().seat.as_ref().map(Seat::group)
    }

    /// The handler is about to start; false if the attempt was given up before.
    pub(crate) fn start(&self) -> bool {
        let _ = self.started.set(self.clock.instant());
        self.moves(QUEUED, STARTED)
    }

    /// The handler has ended; false if the attempt was given up before, so that its result does not count.
    pub(crate) fn end(&self) -> bool {
        let counts = self.moves(STARTED, ENDED);
        self.leave();
        counts
    }

    /// The attempt ends before its handler starts, and without one.
    pub(crate) fn end_unstarted(&self) {
        if self.moves(QUEUED, ENDED) {
            self.leave();
        }
    }

    /// The runner decides how the attempt ends; `None` if it has ended already.
    pub(crate) fn give_up(&self) -> Option<GivenUp> {
        if self.give_up_queued() {
            return Some(GivenUp::Queued);
        }
        self.moves(STARTED, GIVEN_UP).then_some(GivenUp::Started)
    }

    /// Gives the attempt up if its handler has not started yet.
    pub(crate) fn give_up_queued(&self) -> bool {
        let gives = self.moves(QUEUED, GIVEN_UP);
        if gives {
            self.leave();
        }
        gives
    }

    fn leave(&self) {
        // Dropped after the lock: a slot that falls free starts the next one.
        let left = std::mem::replace(&mut *self.place.lock(), Place { left: true, ..Place::default() });
        drop(left);
    }

    /// Whether it is decided how the attempt ended.
    pub(crate) fn is_decided(&self) -> bool {
        self.phase.load(SeqCst) >= ENDED
    }

    /// Whether its handler is gone, or never came.
    pub(crate) fn has_left(&self) -> bool {
        self.place.lock().left
    }

    /// Told before and after each poll of the handler.
    pub(crate) fn polled(&self, now: bool) {
        self.polled.store(now, SeqCst);
    }

    /// Whether the handler holds a thread just now.
    pub(crate) fn holds_thread(&self) -> bool {
        self.polled.load(SeqCst) && !self.has_left()
    }

    /// When its time is up, counted from its start; if it has not started, from when it might have.
    pub(crate) fn deadline(&self) -> Instant {
        self.after(self.timeout)
    }

    /// When it is given up if its handler has not ended: a tenth of its time after its deadline, but at least a second
    /// and at most half a minute.
    pub(crate) fn last_deadline(&self) -> Instant {
        let margin = (self.timeout / 10).clamp(Duration::from_secs(1), Duration::from_secs(30));
        self.after(self.timeout.saturating_add(margin))
    }

    fn after(&self, time: Duration) -> Instant {
        let from = self.started.get().unwrap_or(&self.dispatched);
        from.checked_add(time).unwrap_or(self.dispatched + Duration::from_secs(100 * 365 * 24 * 3600))
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How long the handler has run.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.get().map_or(Duration::ZERO, |it| self.clock.since(*it))
    }

    /// What a renewal is asked for, with the progress that was not stored yet.
    pub(crate) fn held(&self) -> Held {
        let (id, revision) = self.claimed();
        Held { id, revision, progress: self.said.take_progress() }
    }

    /// The lines that were not stored yet.
    pub(crate) fn take_lines(&self) -> Vec<Note> {
        self.said.take_lines()
    }

    fn moves(&self, from: u8, to: u8) -> bool {
        self.phase.compare_exchange(from, to, SeqCst, SeqCst).is_ok()
    }
}

impl AttemptHandle for Running {
    fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }

    fn cancelled(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.token.cancelled())
    }

    fn time_left(&self) -> Duration {
        self.deadline().saturating_duration_since(self.clock.instant())
    }

    fn progress(&self, progress: Progress) {
        self.said.progress(progress);
    }

    fn log(&self, level: LogLevel, text: Text) {
        let (id, name) = (self.job.id, &self.job.spec.type_name);
        let attempt = self.job.state.attempt_count();
        match level {
            LogLevel::Debug => debug!(job.id = %id, job.type = %name, attempt, "{text}"),
            LogLevel::Info => info!(job.id = %id, job.type = %name, attempt, "{text}"),
            LogLevel::Warn => warn!(job.id = %id, job.type = %name, attempt, "{text}"),
            LogLevel::Error => error!(job.id = %id, job.type = %name, attempt, "{text}"),
        }
        self.said.line(Note::log(id, self.clock.now(), &LogNote { attempt, level, text }));
    }
}

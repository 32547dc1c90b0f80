//! The only file of the runner that reads clocks and draws numbers, so that a simulator can stand in for it.
#![expect(clippy::disallowed_methods, reason = "this is the file that the others ask")]

use crate::backoff::Trouble;
use job_core::{ActorId, Clock, Timestamp};
use parking_lot::Mutex;
use std::time::Duration;
pub(crate) use tokio::time::Instant;
use uuid::Uuid;

/// A runner's time: monotonic for what must not be late, and an estimate of the store's for what need not be exact.
#[derive(Debug)]
pub(crate) struct RunnerClock {
    /// What store calls are given.
    by: Clock,
    /// What the store's clock was seen to show, and the instant after its reply came.
    seen: Mutex<(Timestamp, Instant)>,
    /// When the store was last away.
    away: Mutex<Option<Instant>>,
    /// For how many loops there is each trouble with it now.
    troubles: Mutex<[usize; Trouble::KINDS]>,
}

impl RunnerClock {
    /// A clock that has not [seen](Self::saw) the store's time yet: until then, its estimate is long past.
    pub(crate) fn new(by: Clock) -> Self {
        let seen = Mutex::new((Timestamp::EPOCH, Instant::now()));
        Self { by, seen, away: Mutex::default(), troubles: Mutex::default() }
    }

    /// What store calls are given: the store's own clock, but in tests.
    pub(crate) fn by(&self) -> Clock {
        self.by
    }

    /// The instant, for deadlines.
    pub(crate) fn instant(&self) -> Instant {
        Instant::now()
    }

    /// How long ago `earlier` was.
    pub(crate) fn since(&self, earlier: Instant) -> Duration {
        Instant::now().saturating_duration_since(earlier)
    }

    /// Takes note of a store's time that came with a reply.
    ///
    /// Counted from after the reply, so that the estimate is behind the store by the time the reply took, and never
    /// ahead of it.
    pub(crate) fn saw(&self, time: Timestamp) {
        *self.seen.lock() = (time, Instant::now());
    }

    /// Takes note that the store was away until now. Or this runner was: then others may have been silent for the same
    /// reason.
    pub(crate) fn was_away(&self) {
        *self.away.lock() = Some(Instant::now());
    }

    /// A loop has trouble with the store, until it says that this [ends](Self::ends). True if it is the first to.
    pub(crate) fn begins(&self, trouble: Trouble) -> bool {
        let loops = &mut self.troubles.lock()[trouble as usize];
        *loops += 1;
        *loops == 1
    }

    /// The loop has it no longer, or looks no longer. True if no loop has it now.
    pub(crate) fn ends(&self, trouble: Trouble) -> bool {
        let loops = &mut self.troubles.lock()[trouble as usize];
        *loops = loops.saturating_sub(1);
        *loops == 0
    }

    /// For how long there has been no silence between this runner and the store; `None` if there never was any.
    pub(crate) fn steady(&self) -> Option<Duration> {
        self.away.lock().map(|it| self.since(it))
    }

    /// The estimate of the store's time: for retry dates, ends of jobs and notes. Never ahead of the store.
    pub(crate) fn now(&self) -> Timestamp {
        match self.by {
            Clock::At(at) => at,
            Clock::Store => {
                let (time, at) = *self.seen.lock();
                time + self.since(at)
            }
        }
    }

    /// A number that moves a delay within its policy's jitter.
    pub(crate) fn seed(&self) -> u64 {
        Uuid::new_v4().as_u64_pair().1
    }

    /// `delay`, or up to a quarter less, so that those who started together do not always come together.
    pub(crate) fn at_most(&self, delay: Duration) -> Duration {
        let less = u32::try_from(self.seed() % 251).unwrap_or(0);
        delay.mul_f64(f64::from(1000 - less) / 1000.0)
    }

    /// `delay`, longer or shorter by up to a quarter, so that those who failed together do not come back together.
    pub(crate) fn jittered(&self, delay: Duration) -> Duration {
        let swing = u32::try_from(self.seed() % 501).unwrap_or(0);
        delay.mul_f64(f64::from(750 + swing) / 1000.0)
    }
}

/// The instant, for those that have no clock yet.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// A fresh actor: one for each run, so that no two runners are ever taken for one another.
pub(crate) fn actor() -> ActorId {
    ActorId::from_uuid(Uuid::new_v4())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_estimate_follows_the_store_and_is_never_ahead_of_it() {
        let noon: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let clock = RunnerClock::new(Clock::Store);
        // The store read its clock, and the reply took a second.
        tokio::time::sleep(Duration::from_secs(1)).await;
        clock.saw(noon);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(clock.now(), noon + Duration::from_secs(5));
        // The store's clock was set back, and so is the estimate.
        clock.saw(noon);
        assert_eq!(clock.now(), noon);
        assert_eq!(RunnerClock::new(Clock::At(noon)).now(), noon);
    }

    #[test]
    fn a_jittered_delay_is_within_a_quarter_of_the_exact_one() {
        let clock = RunnerClock::new(Clock::Store);
        let delays: Vec<Duration> = (0..200).map(|_| clock.jittered(Duration::from_secs(4))).collect();
        assert!(delays.iter().all(|it| (3..=5).contains(&it.as_secs()) && *it <= Duration::from_secs(5)));
        assert!(delays.iter().min() != delays.iter().max());
    }

    #[test]
    fn every_run_is_an_actor_of_its_own() {
        assert_ne!(actor(), actor());
    }
}

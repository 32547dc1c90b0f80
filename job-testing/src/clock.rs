//! A clock that stands still until a test moves it.

use crate::factory;
use job_core::{Clock, Timestamp};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

/// Time in the hands of a test. Clones show the same time.
///
/// ```
/// use job_core::Clock;
/// use job_testing::ManualClock;
/// use std::time::Duration;
///
/// let clock = ManualClock::default();
/// let start = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.clock(), Clock::At(start + Duration::from_secs(60)));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: Arc<Mutex<Timestamp>>,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now: Arc::new(Mutex::new(now)) }
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        *self.now.lock()
    }

    /// The same, as store calls take it.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock::At(self.now())
    }

    /// Moves it on, and gives what it shows then.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let mut now = self.now.lock();
        *now = *now + by;
        *now
    }
}

impl Default for ManualClock {
    /// A clock that shows [`factory::noon`].
    fn default() -> Self {
        Self::at(factory::noon())
    }
}

//! A clock that stands still until a test moves it.

use crate::{driven::Driven, factory};
use job_core::{Clock, Timestamp, store::Opened};
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

    /// Makes it show `now`.
    pub fn move_to(&self, now: Timestamp) {
        *self.now.lock() = now;
    }

    /// `opened`, with this clock for its own: what is asked to go by the store's clock, such as a job source inside a
    /// handler, goes by this one. What a caller does in a transaction of its own goes past it, by the database's clock.
    ///
    /// ```
    /// # use job_core::{Attempt, BoxError, JobSource, RunnableJob};
    /// # use job_store_mem::MemStore;
    /// # use job_testing::Recorded;
    /// use job_testing::ManualClock;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), job_core::SourceError> {
    /// let clock = ManualClock::default();
    /// let opened = clock.drive(MemStore::new().opened());
    /// let job = JobSource::<Recorded>::new(opened.store).create(&Recorded::new("tea")).await?;
    /// assert_eq!(job.spec.date_created, clock.now());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn drive(&self, opened: Opened) -> Opened {
        let clock = self.clone();
        let driven = opened.wrapped(move |store| Driven::by(clock.clone(), store));
        Opened { clock: Clock::Store, ..driven }
    }
}

impl Default for ManualClock {
    /// A clock that shows [`factory::noon`].
    fn default() -> Self {
        Self::at(factory::noon())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use job_core::store::{OpenError, Reopen};
    use job_store_mem::MemStore;

    /// A store that has to be opened on each runtime.
    #[derive(Clone, Debug)]
    struct Bound(MemStore);

    #[async_trait]
    impl Reopen for Bound {
        async fn reopen(&self) -> Result<Opened, OpenError> {
            Ok(Opened { again: Some(Arc::new(self.clone())), ..self.0.opened() })
        }
    }

    #[tokio::test]
    async fn further_handles_of_a_driven_store_go_by_the_same_clock() {
        let clock = ManualClock::default();
        let first = clock.drive(Bound(MemStore::new()).reopen().await.unwrap());
        let second = first.again.as_ref().unwrap().reopen().await.unwrap();
        let third = second.again.as_ref().unwrap().reopen().await.unwrap();
        clock.advance(Duration::from_secs(60));
        for opened in [first, second, third] {
            assert_eq!(opened.store.now().await.unwrap(), clock.now());
        }
    }
}

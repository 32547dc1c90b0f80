//! What a clause is given: an open, empty store, a clock, and calls that answer or panic.

use crate::{ManualClock, factory};
use job_core::{BoxFuture, Clock, NewJob, Timestamp, store::Opened};
use std::{any::Any, fmt, ops::Deref, sync::Arc, time::Duration};

type Reopen = Arc<dyn Fn() -> BoxFuture<'static, Opened> + Send + Sync>;

/// An open, empty store that belongs to one test, with a [`ManualClock`] that its shortcuts go by.
///
/// It is made of an [`Opened`], by `into()` where that is all. Its shortcuts panic when the store breaks; the
/// store itself is behind it: `fixture.store`, `fixture.notes`, `fixture.switches`. Clones share everything.
#[derive(Clone)]
pub struct Fixture {
    // Dropped in this order: the handle before what it stands on.
    opened: Opened,
    clock: ManualClock,
    reopen: Option<Reopen>,
    guards: Vec<Arc<dyn Any + Send + Sync>>,
}

impl Fixture {
    /// `opened` alone.
    #[must_use]
    pub fn new(opened: Opened) -> Self {
        Self { opened, clock: ManualClock::default(), reopen: None, guards: Vec::new() }
    }

    /// Keeps `guard`, such as a temporary folder, for as long as the store is used.
    #[must_use]
    pub fn keeping(mut self, guard: impl Any + Send + Sync) -> Self {
        self.guards.push(Arc::new(guard));
        self
    }

    /// `open` opens further handles on the same data, as other processes would; races are then run across
    /// handles.
    #[must_use]
    pub fn reopened_by<F>(self, open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Opened> + Send + 'static,
    {
        Self { reopen: Some(Arc::new(move || Box::pin(open()))), ..self }
    }

    /// A further handle on the same data and the same clock; a clone of this one if the store has no further
    /// ones.
    pub async fn another(&self) -> Self {
        let opened = match &self.reopen {
            Some(reopen) => reopen().await,
            None => self.opened.clone(),
        };
        Self { opened, ..self.clone() }
    }

    /// This handle and `n - 1` others.
    pub async fn handles(&self, n: usize) -> Vec<Self> {
        let mut handles = vec![self.clone()];
        while handles.len() < n {
            handles.push(self.another().await);
        }
        handles
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The same, as store calls take it.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock.clock()
    }

    /// Moves the clock on, for all handles, and gives what it shows then.
    pub fn advance(&self, by: Duration) -> Timestamp {
        self.clock.advance(by)
    }

    /// The store with the fixture's clock for its own, as [`ManualClock::drive`] makes it: for runners and handlers.
    #[must_use]
    pub fn driven(&self) -> Opened {
        self.clock.drive(self.opened.clone())
    }

    /// A new [`factory::job`].
    #[must_use]
    pub fn job(&self) -> NewJob {
        factory::job(self.mint())
    }

    /// A new [`factory::keyed`].
    #[must_use]
    pub fn keyed(&self, key: &str) -> NewJob {
        factory::keyed(self.mint(), key)
    }

    /// `n` new jobs.
    #[must_use]
    pub fn jobs(&self, n: usize) -> Vec<NewJob> {
        (0..n).map(|_| self.job()).collect()
    }
}

impl From<Opened> for Fixture {
    fn from(opened: Opened) -> Self {
        Self::new(opened)
    }
}

impl Deref for Fixture {
    type Target = Opened;

    fn deref(&self) -> &Opened {
        &self.opened
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture")
            .field("opened", &self.opened)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

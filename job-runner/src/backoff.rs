//! How long to wait before a store that is not available, or fails, is asked again.

use crate::clock::{Instant, RunnerClock};
use job_core::{BoxFuture, store::StoreError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

const FIRST: Duration = Duration::from_millis(50);
/// A store that is back is noticed within a second. Two tries a second of one that is away cost nothing.
const LONGEST: Duration = Duration::from_millis(500);

/// What may be wrong with a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    /// It does not answer. Then nobody else was heard of either.
    Away,
    /// It answers, but does not do what it is asked.
    Failing,
}

impl Trouble {
    pub(crate) const KINDS: usize = 2;

    fn of(error: &StoreError) -> Self {
        if error.is_transient() { Self::Away } else { Self::Failing }
    }
}

/// The delays between tries, doubled from 50 ms to half a second with jitter, and for how long there has been trouble.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    trouble: Option<Trouble>,
    since: Option<Instant>,
    delay: Duration,
}

impl Backoff {
    /// The store did what it was asked.
    pub(crate) fn reset(&mut self, clock: &RunnerClock) {
        let Some((trouble, since)) = self.trouble.take().zip(self.since.take()) else { return };
        if trouble == Trouble::Away {
            clock.was_away();
        }
        if clock.ends(trouble) {
            let duration_ms = millis(clock.since(since));
            match trouble {
                Trouble::Away => info!(duration_ms, "The job store is available again."),
                Trouble::Failing => info!(duration_ms, "The job store does again what it is asked."),
            }
        }
    }

    /// The store was not available, or failed: how long to wait, and for how long it has been so.
    pub(crate) fn failed(&mut self, error: &StoreError, clock: &RunnerClock) -> (Duration, Duration) {
        let trouble = Trouble::of(error);
        if trouble == Trouble::Away {
            clock.was_away();
        }
        let before = self.trouble.replace(trouble);
        if before != Some(trouble) {
            before.map(|it| clock.ends(it));
            // Once an outage: it is one failure, however often it is tried, and by however many loops.
            if clock.begins(trouble) {
                let error = error as &dyn std::error::Error;
                match trouble {
                    Trouble::Away => warn!(error, "The job store is not available; trying again."),
                    Trouble::Failing => {
                        warn!(error, "The job store does not do what it is asked; trying again.")
                    }
                }
            }
        }
        let since = *self.since.get_or_insert_with(|| {
            self.delay = Duration::ZERO;
            clock.instant()
        });
        self.delay = (self.delay * 2).clamp(FIRST, LONGEST);
        (clock.jittered(self.delay), clock.since(since))
    }

    /// It is not tried again.
    fn gives_up(&mut self, clock: &RunnerClock) {
        self.since = None;
        self.trouble.take().map(|it| clock.ends(it));
    }
}

/// For how long, and until when, a call is made again while the store is not available.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience<'a> {
    pub(crate) clock: &'a RunnerClock,
    pub(crate) limit: Duration,
    pub(crate) stop: &'a CancellationToken,
}

impl Patience<'_> {
    /// Makes `call` until the store answers, fails for another reason, or was away for too long.
    ///
    /// The call gives a boxed future, as a store's methods do: with an async closure the future of a script would not
    /// be `Send`.
    pub(crate) async fn call<'a, T>(
        &self,
        call: impl Fn() -> BoxFuture<'a, Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let mut backoff = Backoff::default();
        loop {
            match call().await {
                Err(error) if error.is_transient() => {
                    let (delay, away) = backoff.failed(&error, self.clock);
                    if away >= self.limit || self.stop.is_cancelled() {
                        backoff.gives_up(self.clock);
                        return Err(error);
                    }
                    tokio::select! {
                        () = tokio::time::sleep(delay) => {}
                        () = self.stop.cancelled() => {}
                    }
                }
                result => {
                    backoff.reset(self.clock);
                    return result;
                }
            }
        }
    }
}

/// Whole milliseconds, for logs.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

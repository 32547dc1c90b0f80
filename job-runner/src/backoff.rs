//! How long to wait before a store that is not available is asked again.

use crate::clock::{Instant, RunnerClock};
use job_core::{BoxFuture, store::StoreError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

const FIRST: Duration = Duration::from_millis(50);
/// A store that is back is noticed within a second. Two tries a second of one that is away cost nothing.
const LONGEST: Duration = Duration::from_millis(500);

/// The delays between tries, doubled from 50 ms to half a second with jitter, and for how long the store has been away.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    since: Option<Instant>,
    delay: Duration,
}

impl Backoff {
    /// The store answered.
    pub(crate) fn reset(&mut self, clock: &RunnerClock) {
        if let Some(since) = self.since.take() {
            clock.was_away();
            if clock.is_back() {
                info!(duration_ms = millis(clock.since(since)), "The job store is available again.");
            }
        }
    }

    /// The store was not available: how long to wait, and for how long it has been so.
    pub(crate) fn failed(&mut self, error: &StoreError, clock: &RunnerClock) -> (Duration, Duration) {
        clock.was_away();
        let since = *self.since.get_or_insert_with(|| {
            // Once an outage: it is one failure, however often it is tried, and by however many loops.
            if clock.goes_away() {
                warn!(
                    error = error as &dyn std::error::Error,
                    "The job store is not available; trying again."
                );
            }
            self.delay = Duration::ZERO;
            clock.instant()
        });
        self.delay = (self.delay * 2).clamp(FIRST, LONGEST);
        (clock.jittered(self.delay), clock.since(since))
    }

    /// It is not tried again.
    fn gives_up(&mut self, clock: &RunnerClock) {
        if self.since.take().is_some() {
            clock.is_back();
        }
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

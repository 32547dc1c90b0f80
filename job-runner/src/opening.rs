//! Opening a store that may not be there yet.

use crate::clock::RunnerClock;
use job_core::{
    Clock,
    store::{OpenError, Opened, StoreError},
};
use std::{error::Error, time::Duration};
use tracing::{info, warn};

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Opens the store by `open`, and tries again while it is only away, for as long as `limit`.
///
/// # Errors
///
/// [`OpenError`] if waiting does not help.
pub(crate) async fn patiently<F>(open: impl Fn() -> F, limit: Duration) -> Result<Opened, OpenError>
where
    F: Future<Output = Result<Opened, OpenError>>,
{
    let clock = RunnerClock::new(Clock::Store);
    let (began, mut delay) = (clock.instant(), None);
    loop {
        match open().await {
            Err(error) if is_away(&error) && clock.since(began) < limit => {
                if delay.is_none() {
                    warn!(error = &error as &dyn Error, "The job store is not there yet; trying again.");
                }
                let next = delay.map_or(FIRST, |it: Duration| (it * 2).min(LONGEST));
                tokio::time::sleep(clock.jittered(next)).await;
                delay = Some(next);
            }
            opened => {
                if opened.is_ok() && delay.is_some() {
                    info!("The job store is there now.");
                }
                return opened;
            }
        }
    }
}

fn is_away(error: &OpenError) -> bool {
    error.source.downcast_ref::<StoreError>().is_some_and(StoreError::is_transient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use job_store_mem::MemStore;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    /// A server that is away for some tries, and then answers as it is told.
    #[derive(Debug)]
    struct Server {
        away: AtomicU32,
        refuses: bool,
    }

    impl Server {
        async fn open(&self) -> Result<Opened, OpenError> {
            let error = match (self.away.load(SeqCst), self.refuses) {
                (0, false) => return Ok(MemStore::new().opened()),
                (0, true) => StoreError::Denied("a wrong password".into()),
                (left, _) => {
                    self.away.store(left - 1, SeqCst);
                    StoreError::Unavailable("connection refused".into())
                }
            };
            let advice = "is the server running?".to_owned();
            Err(OpenError { url: "server:".to_owned(), advice, source: error.into() })
        }
    }

    async fn opened(refuses: bool) -> Result<Opened, OpenError> {
        let server = Server { away: AtomicU32::new(50), refuses };
        let opened = patiently(|| server.open(), Duration::MAX).await;
        assert_eq!(server.away.load(SeqCst), 0);
        opened
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_away_is_waited_for_however_long_it_takes() {
        opened(false).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_refuses_is_not_asked_again() {
        let refused = opened(true).await.unwrap_err();
        assert!(matches!(refused.source.downcast_ref(), Some(StoreError::Denied(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_so_long_only_gives_up_then() {
        let server = Server { away: AtomicU32::new(u32::MAX), refuses: false };
        let (clock, limit) = (RunnerClock::new(Clock::Store), Duration::from_secs(30));
        let began = clock.instant();
        patiently(|| server.open(), limit).await.unwrap_err();
        assert!((limit..limit + 2 * LONGEST).contains(&clock.since(began)));
    }
}

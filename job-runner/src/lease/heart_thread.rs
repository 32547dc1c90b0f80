//! Where the heart lives: a task, or a thread with a runtime and a handle of the store of its own.

use crate::{
    Place, ScriptError, WorkerError, attempt::panic::catching_async, lease::heart::Heart, opening::patiently,
};
use job_core::store::{OpenError, Opened, Reopen};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    runtime::Builder,
    sync::oneshot::{self, Receiver},
};
use tokio_util::sync::DropGuard;

/// The heart could not be started.
#[derive(Debug)]
pub(crate) enum HeartError {
    /// It cannot open its own handle of the store.
    Open(OpenError),
    /// There is no thread for it.
    Threads(io::Error),
}

impl From<HeartError> for ScriptError {
    fn from(error: HeartError) -> Self {
        match error {
            HeartError::Open(error) => Self::Open(error),
            HeartError::Threads(error) => Self::Threads(error),
        }
    }
}

impl From<HeartError> for WorkerError {
    fn from(error: HeartError) -> Self {
        match error {
            HeartError::Open(error) => Self::Open(error),
            HeartError::Threads(error) => Self::Threads(error),
        }
    }
}

/// A heart that beats.
#[derive(Debug)]
pub(crate) struct Beating {
    /// Stops the heart, also when the run is dropped.
    stop: DropGuard,
    /// Closed when the heart has stopped.
    stopped: Receiver<()>,
}

impl Beating {
    /// Starts `heart` in `place`. On a thread it has its own handle of the store, if `opened` only works while the runtime
    /// that opened it does; one that is away is waited for as long as `limit`.
    pub(crate) async fn start(
        heart: Heart,
        place: Place,
        opened: Opened,
        limit: Duration,
    ) -> Result<Self, HeartError> {
        let stop = heart.stop.clone().drop_guard();
        let (running, stopped) = oneshot::channel::<()>();
        match place {
            Place::Here => {
                tokio::spawn(async move {
                    heart.run(opened.store, opened.notes).await;
                    drop(running);
                });
            }
            Place::Threads => {
                let (ready, opening) = oneshot::channel();
                let runtime =
                    Builder::new_current_thread().enable_all().build().map_err(HeartError::Threads)?;
                let beat = async move {
                    let opening = async {
                        match &opened.again {
                            Some(again) => reopen(again.clone(), opened.scheme, limit).await,
                            None => Ok(opened),
                        }
                    };
                    match heart.stop.run_until_cancelled(opening).await {
                        Some(Ok(opened)) => {
                            let _ = ready.send(Ok(()));
                            heart.run(opened.store, opened.notes).await;
                        }
                        Some(Err(error)) => drop(ready.send(Err(error))),
                        None => {}
                    }
                    drop(running);
                };
                let thread = std::thread::Builder::new().name("job-heart".to_owned());
                thread.spawn(move || runtime.block_on(beat)).map_err(HeartError::Threads)?;
                if let Ok(Err(error)) = opening.await {
                    return Err(HeartError::Open(error));
                }
            }
        }
        Ok(Self { stop, stopped })
    }

    /// Stops the heart and waits for the call that it is in, but not for longer than `limit`.
    pub(crate) async fn stop(self, limit: Duration) {
        drop(self.stop);
        // After this, no renewal can take back a lock that was given up.
        let _ = tokio::time::timeout(limit, self.stopped).await;
    }
}

/// Opens the store once more, on the heart's own runtime. A heart that stands still because of a panic would hold leases that
/// nobody renews, so that is an error too.
async fn reopen(again: Arc<dyn Reopen>, scheme: &str, limit: Duration) -> Result<Opened, OpenError> {
    let opening = async move { patiently(|| again.reopen(), limit).await };
    catching_async(Box::pin(opening), |_| ()).await.unwrap_or_else(|panic| {
        let advice = "opening it once more panicked; this is a bug in the store".to_owned();
        Err(OpenError { url: format!("{scheme}:"), advice, source: panic.to_string().into() })
    })
}

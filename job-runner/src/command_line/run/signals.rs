//! Ctrl-C and SIGTERM: the first one stops gracefully, the second one at once, the third one whatever happens.

use crate::command_line::exit::Exit;
use std::{
    io, process,
    sync::{Arc, OnceLock},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Listens until the process ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Signals {
    stop: CancellationToken,
    release: CancellationToken,
    first: Arc<OnceLock<u8>>,
}

impl Signals {
    /// Begins to listen, on the runtime that calls.
    pub(super) fn listen() -> io::Result<Self> {
        let signals = Self::default();
        let mut arriving = Arriving::new()?;
        let told = signals.clone();
        tokio::spawn(async move {
            let first = arriving.next().await;
            let _ = told.first.set(first);
            // Said afterwards: where standard error is a pipe that nobody reads, that waits for ever.
            told.stop.cancel();
            warn!("Stopping. Running jobs have a while to end; a second signal gives them back at once.");
            arriving.next().await;
            told.release.cancel();
            warn!("Giving back what still runs; a third signal exits at once.");
            let third = arriving.next().await;
            process::exit(Exit::Stopped(third).number().into());
        });
        Ok(signals)
    }

    /// Fires at the first signal.
    pub(super) const fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Fires at the second signal.
    pub(super) const fn release(&self) -> &CancellationToken {
        &self.release
    }

    /// The number of the first signal, once it came.
    pub(super) fn first(&self) -> Option<u8> {
        self.first.get().copied()
    }
}

const INTERRUPT: u8 = 2;

#[cfg(unix)]
struct Arriving {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Arriving {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> u8 {
        const TERMINATE: u8 = 15;
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPT,
            _ = self.terminate.recv() => TERMINATE,
        }
    }
}

#[cfg(not(unix))]
struct Arriving;

#[cfg(not(unix))]
impl Arriving {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> u8 {
        // An error means that none can come.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        INTERRUPT
    }
}

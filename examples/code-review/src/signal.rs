//! Ctrl-C and SIGTERM.

use std::io;
use tokio::signal::ctrl_c;

/// Waits for one of them, and answers what a shell says of a process that it ended.
#[cfg(unix)]
pub(crate) async fn signalled() -> io::Result<u8> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = ctrl_c() => interrupted.map(|()| 130),
        _ = terminate.recv() => Ok(143),
    }
}

/// Waits for Ctrl-C, and answers what a shell says of a process that it ended.
#[cfg(not(unix))]
pub(crate) async fn signalled() -> io::Result<u8> {
    ctrl_c().await.map(|()| 130)
}

//! What waits for hooks, reporters and notifiers, which take as long as they like.

use std::sync::{
    Arc,
    atomic::{
        AtomicBool, AtomicUsize,
        Ordering::{Relaxed, SeqCst},
    },
};
use tokio::sync::Notify;
use tracing::warn;

/// How many calls may wait before nothing more is claimed. Each holds its job.
const MOST: usize = 1000;

/// The calls of a run that were not answered yet.
///
/// Once there are so many, nothing is claimed until there are fewer. What was claimed before may still add to them, so
/// they are bounded by the slots beyond that.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    waiting: AtomicUsize,
    eased: Notify,
    /// Whether it was full once, and that was said.
    said: AtomicBool,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting(Arc<Backlog>);

impl Backlog {
    /// One more waits.
    pub(crate) fn enter(self: &Arc<Self>) -> Waiting {
        let before = self.waiting.fetch_add(1, SeqCst);
        if before + 1 == MOST && !self.said.swap(true, Relaxed) {
            warn!(
                calls = MOST,
                "Hooks, reporters or notifiers do not keep up: while so many of their calls wait, no jobs are claimed."
            );
        }
        Waiting(self.clone())
    }

    /// Whether so many wait that there should be no more.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.load(SeqCst) >= MOST
    }

    /// Ends when there are fewer again. For one who waits.
    pub(crate) async fn eased(&self) {
        self.eased.notified().await;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.0.waiting.fetch_sub(1, SeqCst) == MOST {
            self.0.eased.notify_one();
        }
    }
}

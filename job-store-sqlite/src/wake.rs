//! Wake-ups: a bell for each queue, rung by the writer of this process at once, and by the watch for all others.

use job_core::QueueName;
use parking_lot::Mutex;
use std::collections::HashMap;
use tokio::sync::Notify;

/// The bells of all queues.
#[derive(Debug, Default)]
pub(crate) struct Bells {
    queues: Mutex<HashMap<QueueName, Bell>>,
    /// Wakes all who wait, whatever the queue; each looks whether it was theirs.
    rung: Notify,
}

#[derive(Debug, Default)]
struct Bell {
    rings: u64,
    /// Up to which ring somebody was told: who asks next hears what rang in between.
    heard: u64,
    /// How many wait for it.
    waiting: usize,
}

impl Bells {
    /// Rings once for each of `queues`.
    pub(crate) fn ring(&self, queues: &[QueueName]) {
        if queues.is_empty() {
            return;
        }
        let mut bells = self.queues.lock();
        for queue in queues {
            bells.entry(queue.clone()).or_default().rings += 1;
        }
        drop(bells);
        self.rung.notify_waiters();
    }

    /// Somebody who waits for work of `queues`, from now on.
    pub(crate) fn listener<'a>(&'a self, queues: &'a [QueueName]) -> Listener<'a> {
        let mut bells = self.queues.lock();
        for queue in queues {
            bells.entry(queue.clone()).or_default().waiting += 1;
        }
        Listener { bells: self, queues }
    }

    /// The queues that somebody waits for.
    pub(crate) fn waited_for(&self) -> Vec<QueueName> {
        let bells = self.queues.lock();
        bells.iter().filter(|(_, bell)| bell.waiting > 0).map(|(queue, _)| queue.clone()).collect()
    }
}

/// Somebody who waits, until this is dropped.
pub(crate) struct Listener<'a> {
    bells: &'a Bells,
    queues: &'a [QueueName],
}

impl Listener<'_> {
    /// Ends when a bell of one of the queues rings, or has rung while nobody listened.
    pub(crate) async fn rung(self) {
        let mut known = None;
        loop {
            // Registered before the look, so that a ring between the look and the wait is not missed.
            let rung = self.bells.rung.notified();
            if self.has_rung(&mut known) {
                return;
            }
            rung.await;
        }
    }

    /// Whether a bell has rung since the rings in `known`, or unheard if there are none yet.
    fn has_rung(&self, known: &mut Option<u64>) -> bool {
        let mut bells = self.bells.queues.lock();
        let (mut rings, mut unheard) = (0, false);
        for queue in self.queues {
            if let Some(bell) = bells.get_mut(queue) {
                rings += bell.rings;
                unheard |= bell.heard < bell.rings;
                bell.heard = bell.rings;
            }
        }
        known.replace(rings).map_or(unheard, |known| known != rings)
    }
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        let mut bells = self.bells.queues.lock();
        for queue in self.queues {
            if let Some(bell) = bells.get_mut(queue) {
                bell.waiting -= 1;
            }
        }
    }
}

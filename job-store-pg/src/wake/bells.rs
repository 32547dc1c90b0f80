//! Wake-ups: a bell for each queue, rung by the calls of this process at once, and by the listener for all others.

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
}

impl Bells {
    /// Rings once for each of `queues`.
    pub(crate) fn ring<'a>(&self, queues: impl IntoIterator<Item = &'a QueueName>) {
        let mut bells = self.queues.lock();
        for queue in queues {
            bells.entry(queue.clone()).or_default().rings += 1;
        }
        drop(bells);
        self.rung.notify_waiters();
    }

    /// Ends when a bell of one of `queues` rings, or has rung while nobody listened.
    pub(crate) async fn listen(&self, queues: &[QueueName]) {
        let mut known = None;
        loop {
            // Registered before the look, so that a ring between the look and the wait is not missed.
            let rung = self.rung.notified();
            if self.has_rung(queues, &mut known) {
                return;
            }
            rung.await;
        }
    }

    /// Whether a bell has rung since the rings in `known`, or unheard if there are none yet.
    fn has_rung(&self, queues: &[QueueName], known: &mut Option<u64>) -> bool {
        let mut bells = self.queues.lock();
        let (mut rings, mut unheard) = (0, false);
        for queue in queues {
            if let Some(bell) = bells.get_mut(queue) {
                rings += bell.rings;
                unheard |= bell.heard < bell.rings;
                bell.heard = bell.rings;
            }
        }
        known.replace(rings).map_or(unheard, |known| known != rings)
    }
}

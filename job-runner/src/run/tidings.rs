//! What a pump is told from outside: which queues were woken, and whether the section is enabled.

use job_core::{
    QueueName, SectionName,
    store::{Switch, Wake},
};
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{sync::Notify, task::JoinSet};
use tracing::info;

/// The least time between two wake-ups of a queue: a store may wake for no reason, and as often as it likes.
const APART: Duration = Duration::from_millis(1);

/// What a pump is told.
#[derive(Debug, Default)]
pub(crate) struct Tidings {
    woken: Mutex<Vec<QueueName>>,
    disabled: AtomicBool,
    news: Notify,
}

impl Tidings {
    /// Listens to the wake-ups of each of `queues`, for as long as the set lives.
    pub(crate) fn listen<'a>(
        self: &Arc<Self>,
        wake: &Arc<dyn Wake>,
        queues: impl Iterator<Item = &'a QueueName>,
    ) -> JoinSet<()> {
        let mut listening = JoinSet::new();
        for queue in queues {
            // One each, so that it is known which queue was woken.
            let (this, wake, queue) = (self.clone(), wake.clone(), [queue.clone()]);
            listening.spawn(async move {
                loop {
                    wake.woken(&queue).await;
                    this.woken.lock().extend_from_slice(&queue);
                    this.news.notify_one();
                    tokio::time::sleep(APART).await;
                }
            });
        }
        listening
    }

    /// The queues that were woken since this was asked last.
    pub(crate) fn take_woken(&self) -> Vec<QueueName> {
        std::mem::take(&mut self.woken.lock())
    }

    /// Whether an operator has disabled the section.
    pub(crate) fn is_disabled(&self) -> bool {
        self.disabled.load(SeqCst)
    }

    /// Takes note of the switches that are on.
    pub(crate) fn heed(&self, switches: &[Switch], section: &SectionName) {
        let disabled = switches.contains(&Switch::DisableSection(section.clone()));
        if self.disabled.swap(disabled, SeqCst) == disabled {
            return;
        }
        self.news.notify_one();
        if disabled {
            info!(section.name = %section, "Section {section} is disabled; nothing is started until it is enabled.");
        } else {
            info!(section.name = %section, "Section {section} is enabled.");
        }
    }

    /// Ends when there is something new.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }
}

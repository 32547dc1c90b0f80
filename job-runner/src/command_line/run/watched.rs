//! Tells who watches over a worker process how it is.

use super::systemd::{News, Systemd};
use crate::Pulse;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The workers of a process, seen from outside.
#[derive(Debug)]
pub(super) struct Watched {
    /// Each fires once its worker has looked for jobs.
    pub(super) ready: Vec<CancellationToken>,
    pub(super) pulses: Vec<Pulse>,
    pub(super) stop: CancellationToken,
}

impl Watched {
    /// Tells systemd, if it wants to be told, until it is dropped.
    pub(super) async fn tell(self) {
        let Some(systemd) = Systemd::here() else { return };
        let ready = async {
            for ready in &self.ready {
                ready.cancelled().await;
            }
            systemd.tell(News::Ready);
        };
        let stopping = async {
            self.stop.cancelled().await;
            systemd.tell(News::Stopping);
        };
        let alive = async {
            if let Some(watchdog) = systemd.watchdog {
                self.beat(&systemd, watchdog / 2).await;
            }
        };
        tokio::join!(ready, stopping, alive);
    }

    /// As often as systemd asks for, which is twice in the time after which it kills.
    async fn beat(&self, systemd: &Systemd, every: Duration) {
        loop {
            if self.pulses.iter().all(|it| it.is_alive(every)) {
                systemd.tell(News::Alive);
            }
            tokio::time::sleep(every).await;
        }
    }
}

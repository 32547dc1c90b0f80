//! The watch: gives up attempts whose time is up, whatever their handlers do.

use crate::{
    attempt::{
        attempts::Attempts,
        executor::{End, Ended},
        handlers::Handlers,
        running::GivenUp,
    },
    clock::RunnerClock,
    metrics::{Event, Metrics},
};
use job_core::Outcome;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;

/// Ends attempts at their time limits.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) clock: Arc<RunnerClock>,
    pub(crate) handlers: Arc<Handlers>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) ended: UnboundedSender<Ended>,
}

impl Watch {
    /// Watches for as long as it is polled.
    ///
    /// At its limit the token of an attempt fires. If it has not ended a while after that, it counts as timed out, and
    /// its handler may end as it likes, as a zombie. An attempt that waited for a slot or a thread all its time is given
    /// back, and so is one that waits where zombies hold all threads.
    pub(crate) async fn run(&self) {
        loop {
            self.attempts.next_overdue().await;
            for (running, how) in self.attempts.overdue(self.clock.instant()) {
                let ended = match how {
                    GivenUp::Started => {
                        self.metrics.count(Event::Zombie, &running.job.spec.type_name);
                        let outcome = Outcome::TimedOut(running.timeout());
                        Ended::failed(running, outcome)
                    }
                    GivenUp::Queued => Ended { running, end: End::Released },
                };
                // The receiver is gone only when the run is over.
                let _ = self.ended.send(ended);
            }
            for running in self.handlers.look(&self.attempts) {
                let _ = self.ended.send(Ended { running, end: End::Released });
            }
        }
    }
}

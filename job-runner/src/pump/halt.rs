//! How a pump ends: what it does once it was told to stop, and how long that may take.

use crate::{
    attempt::{
        executor::{End, Ended},
        running::Running,
    },
    clock::Instant,
    pump::Pump,
    run::Run,
};
use job_core::store::StoreError;
use std::{sync::Arc, time::Duration};

/// How long the store may take for the last ends, once handlers have no more time.
pub(crate) const LAST_CALLS: Duration = Duration::from_secs(1);

impl<C: Clone + Send + Sync + 'static> Pump<'_, C> {
    /// Whether it was told to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.run.setup.stop.is_cancelled() || self.run.setup.release.is_cancelled()
    }

    /// Once it was told to stop, gives back what has not started, tells the handlers, and after the grace gives back the
    /// rest.
    pub(crate) fn heed_stop(&mut self, now: Instant) {
        if self.terms.tidings.is_disabled() {
            self.release_queued();
        }
        if !self.is_stopping() {
            return;
        }
        if self.state.grace_ends.is_none() {
            self.state.grace_ends = Some(now + self.run.settings().grace);
            self.release_queued();
            self.run.attempts.stop();
        }
        if self.run.setup.release.is_cancelled() || self.state.grace_ends.is_some_and(|ends| ends <= now) {
            self.run.attempts.give_up().into_iter().for_each(|(it, _)| self.release(it));
        }
    }

    fn release_queued(&mut self) {
        self.run.attempts.give_up_queued(|_| true).into_iter().for_each(|it| self.release(it));
    }

    pub(crate) fn release(&mut self, running: Arc<Running>) {
        self.take(Ended { running, end: End::Released });
    }
}

/// Ends when a run that was told to stop has no time left, not even for its last calls. Tells its handlers as soon as it is
/// told: the pump may be waiting for the store just then.
pub(crate) async fn leaving<C>(run: &Run<C>) {
    let Run { setup, attempts, .. } = run;
    let graceful = async {
        setup.stop.cancelled().await;
        attempts.stop();
        tokio::time::sleep(setup.settings.grace).await;
    };
    tokio::select! {
        () = graceful => {}
        () = setup.release.cancelled() => attempts.stop(),
    }
    tokio::time::sleep(LAST_CALLS).await;
}

/// Goes the `way` to where jobs are run. `None` if the run is told to stop meanwhile, and it does not end soon after.
pub(crate) async fn on_the_way<C, T>(run: &Run<C>, way: impl Future<Output = T>) -> Option<T> {
    let told = async {
        tokio::select! {
            () = run.setup.stop.cancelled() => {}
            () = run.setup.release.cancelled() => {}
        }
        tokio::time::sleep(LAST_CALLS).await;
    };
    tokio::select! {
        biased;
        it = way => Some(it),
        () = told => None,
    }
}

/// Of a store that did not answer any more before the end.
pub(crate) fn unanswered() -> StoreError {
    StoreError::Unavailable("no answer before the end".into())
}

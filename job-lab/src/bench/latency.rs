//! The workload `latency`: from the call that enqueues a job to its start, or to the claim of an idle runner elsewhere.

use super::{
    ceiling_notify::listen,
    kind::Site,
    no_op::NoOp,
    server::Room,
    store_drain::{claim, completing},
};
use futures_util::{FutureExt, future::BoxFuture};
use job_core::{
    BoxError, JobSource, Then,
    store::{JobStore, Opened, Wake},
};
use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
    time::{sleep, timeout},
};

/// How long all is quiet between two samples, at least. The store tells others of work at most every ten milliseconds.
const QUIET: Duration = Duration::from_millis(20);
/// Up to so much longer, so that no sample keeps step with a loop that looks every so often.
const SPREAD: u32 = 25;
/// How long a runner sleeps at most.
const POLL: Duration = Duration::from_secs(1);
/// Samples before those that count: connections are made, statements prepared.
pub(super) const WARM_UP: u32 = 5;

/// Which of all samples is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Percentile(pub(super) usize);

impl Percentile {
    /// Of `samples` jobs that are put into `store`, which is at `site`, until the store alone has given them to a runner
    /// that it woke, in milliseconds.
    ///
    /// # Errors
    ///
    /// If the store fails, or has no wake-ups.
    pub(super) async fn of_store(
        self,
        store: Arc<dyn JobStore>,
        site: &Site,
        samples: u32,
    ) -> Result<f64, BoxError> {
        let source = &JobSource::<NoOp>::new(store);
        let runner = site.open().await?;
        let wake = runner.wake.clone().ok_or("this store wakes nobody")?;
        let (starts, mut started) = unbounded_channel();
        // Ends with this function.
        let mut running = JoinSet::new();
        running.spawn(async move { run(&runner, wake, starts).await });
        let create = |number| async move {
            source.create(&NoOp { number }).await?;
            Ok(())
        };
        self.of(samples, &mut started, |number| create(number).boxed()).await
    }

    /// Of `samples` bare inserts that notify, in milliseconds.
    ///
    /// # Errors
    ///
    /// If the server fails.
    pub(super) async fn of_ceiling(self, room: &Room, samples: u32) -> Result<f64, BoxError> {
        let (inserting, mut heard) = listen(room).await?;
        self.of(samples, &mut heard, |number| inserting.insert(number).boxed()).await
    }

    /// Of so many times from before `send` to the next arrival, in milliseconds. All is quiet before each.
    ///
    /// # Errors
    ///
    /// If `send` fails, or nothing more can arrive.
    pub(super) async fn of<'s>(
        self,
        samples: u32,
        arrivals: &mut UnboundedReceiver<Instant>,
        send: impl Fn(u32) -> BoxFuture<'s, Result<(), BoxError>>,
    ) -> Result<f64, BoxError> {
        let mut took = Vec::new();
        for number in 0..WARM_UP + samples {
            sleep(QUIET + Duration::from_millis((number * 7 % SPREAD).into())).await;
            let begun = Instant::now();
            send(number).await?;
            let arrived = arrivals.recv().await.ok_or("nobody listens any more")?;
            took.push(arrived.saturating_duration_since(begun));
        }
        let mut counted = took.split_off(WARM_UP as usize);
        counted.sort_unstable();
        Ok(counted[self.place(counted.len())].as_secs_f64() * 1000.0)
    }

    /// The place of this percentile among so many sorted samples, of which there is at least one.
    fn place(self, samples: usize) -> usize {
        (samples * self.0).div_ceil(100).max(1) - 1
    }
}

/// An idle runner: sleeps until it is woken, claims, says when, and completes.
async fn run(opened: &Opened, wake: Arc<dyn Wake>, starts: UnboundedSender<Instant>) -> Result<(), BoxError> {
    let claim = claim(NonZeroU32::MIN)?;
    let queues = [claim.queue.clone()];
    loop {
        // Also woken for nothing it claims: that is what a runner does.
        let _ = timeout(POLL, wake.woken(&queues)).await;
        loop {
            let claimed = opened.store.claim(&claim).await?;
            let Some(job) = claimed.jobs.first() else { break };
            starts.send(Instant::now())?;
            let completed = completing(job, claim.by, Then::Keep, opened.store.now().await?)?;
            opened.store.apply(&[completed]).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_samples() {
        assert_eq!(Percentile(50).place(300), 149);
        assert_eq!(Percentile(99).place(300), 296);
        assert_eq!((Percentile(50).place(1), Percentile(99).place(1)), (0, 0));
    }
}

//! A job that says when a worker started it, for the workload `latency`.

use super::{kind::Site, latency::Percentile, working::Working};
use futures_util::FutureExt;
use job_core::{Attempt, BoxError, JobSource, Plain, RunnableJob, store::JobStore};
use job_runner::Registry;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Instant};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// Where a job says when it started.
type Starts = UnboundedSender<Instant>;

/// Says when it started.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Stamp {
    /// Which of many.
    pub(super) number: u32,
}

impl RunnableJob<Starts> for Stamp {
    const TYPE: &'static str = "stamp";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Starts>) -> Result<(), BoxError> {
        Ok(attempt.context.send(Instant::now())?)
    }
}

impl Percentile {
    /// Of `samples` jobs that are put into `store`, which is at `site`, until the handler of an idle worker over another
    /// handle begins, in milliseconds.
    ///
    /// # Errors
    ///
    /// If the store or the worker fails.
    pub(super) async fn of_worker(
        self,
        store: Arc<dyn JobStore>,
        site: &Site,
        samples: u32,
    ) -> Result<f64, BoxError> {
        let source = &JobSource::<Stamp>::new::<Plain<Starts>>(store);
        let (starts, mut started) = unbounded_channel();
        let worker = Working::start(site, Registry::new().register::<Stamp>(), starts).await?;
        let create = |number| async move {
            source.create(&Stamp { number }).await?;
            Ok(())
        };
        let figure = self.of(samples, &mut started, |number| create(number).boxed()).await?;
        worker.stop().await?;
        Ok(figure)
    }
}

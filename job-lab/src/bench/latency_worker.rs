//! A job that says when a worker started it, for the workload `latency`.

use super::{kind::Site, latency::Percentile, working::Working};
use futures_util::FutureExt;
use job_core::{Attempt, BoxError, JobSource, Plain, RunnableJob, store::Opened};
use job_runner::Registry;
use serde::{Deserialize, Serialize};
use std::time::Instant;
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
    /// Of `samples` jobs that are put into `opened`, which is at `site`, until the handler of an idle worker begins, in
    /// milliseconds. On PostgreSQL the worker has a handle of its own, as in another process. An embedded store is mostly
    /// used with a worker in the application's process, over its handle; on SQLite another process would hear of the job
    /// when it next looks at the file, within 25 ms.
    ///
    /// # Errors
    ///
    /// If the store or the worker fails.
    pub(super) async fn of_worker(self, opened: Opened, site: &Site, samples: u32) -> Result<f64, BoxError> {
        let source = &JobSource::<Stamp>::new::<Plain<Starts>>(opened.store.clone());
        let opened = if opened.scheme == "postgres" { site.open().await? } else { opened };
        let (starts, mut started) = unbounded_channel();
        let worker = Working::start(opened, Registry::new().register::<Stamp>(), starts).await?;
        let create = |number| async move {
            source.create(&Stamp { number }).await?;
            Ok(())
        };
        let figure = self.of(samples, &mut started, |number| create(number).boxed()).await?;
        worker.stop().await?;
        Ok(figure)
    }
}

//! A worker in the place of production, for as long as something of it is measured.

use job_core::{BoxError, SectionName, store::Opened};
use job_runner::{Registry, SectionSettings, Worker, WorkerError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A worker that runs. It ends with this.
#[derive(Debug)]
pub(super) struct Working {
    stop: CancellationToken,
    run: JoinSet<Result<(), WorkerError>>,
}

impl Working {
    /// Starts one of the types of `registry` over `opened`, with the settings that a section has if nothing is said.
    /// Returns once it has looked for jobs.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub(super) async fn start<C>(opened: Opened, registry: Registry<C>, context: C) -> Result<Self, BoxError>
    where
        C: Clone + Send + Sync + 'static,
    {
        let (stop, ready) = (CancellationToken::new(), CancellationToken::new());
        let settings = SectionSettings::new(SectionName::new("bench")?);
        let worker = Worker::new(opened, registry, context, settings)?
            .stop_token(stop.clone())
            .ready_token(ready.clone());
        let mut run = JoinSet::new();
        run.spawn(async move { worker.run().await.map(drop) });
        tokio::select! {
            () = ready.cancelled() => Ok(Self { stop, run }),
            Some(ended) = run.join_next() => {
                ended??;
                Err("the worker ended before it looked for jobs".into())
            }
        }
    }

    /// Stops it, and returns once all that it ran is settled.
    ///
    /// # Errors
    ///
    /// If it could not go on, or not settle.
    pub(super) async fn stop(mut self) -> Result<(), BoxError> {
        self.stop.cancel();
        while let Some(ended) = self.run.join_next().await {
            ended??;
        }
        Ok(())
    }
}

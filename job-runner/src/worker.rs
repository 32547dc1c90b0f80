//! A worker: runs a section until it is told to stop. The long-running mode.

use crate::{
    BuildError, Pulse, Registry, RunReport, SectionSettings, WorkerError, clock,
    run::{
        setup::{Setup, setup_methods},
        worker_run::WorkerRun,
    },
};
use job_core::store::Opened;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Runs the jobs of a section as they fall due, until it is told to stop. Any number of workers may run one section, in
/// one process and on many machines.
///
/// ```
/// use job_core::{Attempt, BoxError, JobSource, JobStatus, RunnableJob};
/// use job_runner::{Registry, Worker};
/// use job_store_mem::MemStore;
/// use serde::{Deserialize, Serialize};
/// use tokio_util::sync::CancellationToken;
///
/// #[derive(Serialize, Deserialize)]
/// struct Greet {
///     name: String,
/// }
///
/// impl RunnableJob<CancellationToken> for Greet {
///     const TYPE: &'static str = "greet";
///     type Error = BoxError;
///
///     async fn run(self, attempt: Attempt<CancellationToken>) -> Result<(), BoxError> {
///         println!("hello {}", self.name);
///         attempt.context.cancel();
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), BoxError> {
/// let opened = MemStore::new().opened();
/// let greetings = JobSource::<Greet>::new::<job_core::Plain<CancellationToken>>(opened.store.clone());
/// let job = greetings.create(&Greet { name: "Zoë".to_owned() }).await?;
///
/// let greeted = CancellationToken::new();
/// let registry = Registry::new().register::<Greet>();
/// let worker = Worker::in_test(opened, registry, greeted.clone())?.stop_token(greeted);
/// let report = worker.run().await?;
/// assert_eq!(report.completed.values().sum::<u64>(), 1);
/// assert_eq!(greetings.get(job.id).await?.job.state.status(), JobStatus::Completed);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Worker<C> {
    pub(crate) setup: Setup<C>,
    pub(crate) ready: CancellationToken,
    pub(crate) pulse: Pulse,
}

impl<C: Clone + Send + Sync + 'static> Worker<C> {
    /// A worker of the section of `settings`, over jobs of `opened`, each with a clone of `context`.
    ///
    /// # Errors
    ///
    /// [`BuildError`], by what has to be changed.
    pub fn new(
        opened: Opened,
        registry: impl Into<Arc<Registry<C>>>,
        context: C,
        settings: SectionSettings,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            setup: Setup::new(opened, registry.into(), context, settings)?,
            ready: CancellationToken::new(),
            pulse: Pulse::new(clock::instant()),
        })
    }

    setup_methods!();

    /// Fires `ready` once the worker has claimed jobs, or has looked for some, for the first time.
    #[must_use]
    pub fn ready_token(self, ready: CancellationToken) -> Self {
        Self { ready, ..self }
    }

    /// Whether it lives, for a watchdog. To be had before it runs.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Runs the section until its stop token fires: runs what is due as it falls due, gives back or fails the jobs of
    /// runners that died, and deletes final jobs that are older than the section's retention. While the section is
    /// disabled it waits. While the store is away it tries again, for as long as it takes.
    ///
    /// If its future is dropped, what it ran waits for its leases to end, and runs again elsewhere.
    ///
    /// # Errors
    ///
    /// [`WorkerError`] if the worker cannot start, or not go on. A job that fails is no error, and neither is a store that
    /// is away, unless it still is when the worker has been told to stop and its grace is over.
    pub async fn run(self) -> Result<RunReport, WorkerError> {
        WorkerRun::new(self)?.run().await
    }
}

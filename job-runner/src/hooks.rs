//! Hooks: what an application does around its sections and attempts, and when a job's status changes.

use crate::RunReport;
use async_trait::async_trait;
use job_core::{BoxError, Job, JobStatus, Outcome, SectionName};
use std::{fmt::Debug, sync::Arc};

/// A change of a job's status, as hooks are told of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Changed {
    /// Its status before.
    pub from: JobStatus,
    /// How the attempt ended that ends with this; none where one begins, and where one is given back.
    pub outcome: Option<Outcome>,
}

/// Code that is called around what a runner does. Every method does nothing unless it is written.
///
/// Several hooks are called one after the other, in the order in which they were given; those that end something
/// (`leave_section`, `after_attempt`) in the reverse order. Each call has 30 s and a task of its own: one that fails,
/// panics or does not answer is reported, is dropped, and stops neither the job nor the other hooks. Hooks share the
/// threads of those they are called by, so they must not block. Those that are slower than the jobs slow the run down:
/// while 1000 of their calls wait, those of reporters and notifiers included, no more jobs are claimed.
///
/// ```
/// use async_trait::async_trait;
/// use job_core::{BoxError, Job, JobStatus};
/// use job_runner::{Changed, Hooks};
///
/// /// Shows on a dashboard what fails.
/// #[derive(Debug)]
/// struct Dashboard;
///
/// #[async_trait]
/// impl Hooks for Dashboard {
///     async fn changed(&self, job: &Job, _: &Changed) -> Result<(), BoxError> {
///         if job.state.status() == JobStatus::Failed {
///             println!("{} {} failed", job.spec.type_name, job.id);
///         }
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Hooks: Debug + Send + Sync + 'static {
    /// What reports about this hook call it: the name of its Rust type.
    fn name(&self) -> &'static str {
        std::any::type_name::<Self>()
    }

    /// Before a run of the section, once its lock is taken: what the run needs is made ready, or refused.
    ///
    /// # Errors
    ///
    /// A reason why the section may not run now. It does not: hooks that were entered are left again, and the run ends
    /// with [`ScriptError::Hook`](crate::ScriptError::Hook).
    async fn enter_section(&self, _section: &SectionName) -> Result<(), BoxError> {
        Ok(())
    }

    /// After the run, whatever became of it, while its lock is still held. Called once for each `enter_section` that
    /// returned Ok.
    ///
    /// # Errors
    ///
    /// Whatever went wrong; it is logged.
    async fn leave_section(&self, _section: &SectionName, _report: &RunReport) -> Result<(), BoxError> {
        Ok(())
    }

    /// Right before the handler of `job` is called, on the handlers' threads, and within the attempt's time.
    ///
    /// # Errors
    ///
    /// Whatever went wrong; it is reported, and the handler is called all the same, unless its time is up by then.
    async fn before_attempt(&self, _job: &Job) -> Result<(), BoxError> {
        Ok(())
    }

    /// After the handler of `job` has ended, while its end is being stored. `outcome` is the handler's own, even where
    /// it does not count: because its time was up, or somebody else has the job. Never called for a handler that never
    /// ends.
    ///
    /// # Errors
    ///
    /// Whatever went wrong; it is reported.
    async fn after_attempt(&self, _job: &Job, _outcome: &Outcome) -> Result<(), BoxError> {
        Ok(())
    }

    /// This runner has changed the status of `job`, which is as the store has it now. Calls about one job come in the
    /// order of its changes; those about others may come meanwhile. What operators and other runners change is not
    /// told here.
    ///
    /// # Errors
    ///
    /// Whatever went wrong; it is reported.
    async fn changed(&self, _job: &Job, _change: &Changed) -> Result<(), BoxError> {
        Ok(())
    }
}

/// Hooks that are shared are hooks.
#[async_trait]
impl<H: Hooks + ?Sized> Hooks for Arc<H> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    async fn enter_section(&self, section: &SectionName) -> Result<(), BoxError> {
        (**self).enter_section(section).await
    }

    async fn leave_section(&self, section: &SectionName, report: &RunReport) -> Result<(), BoxError> {
        (**self).leave_section(section, report).await
    }

    async fn before_attempt(&self, job: &Job) -> Result<(), BoxError> {
        (**self).before_attempt(job).await
    }

    async fn after_attempt(&self, job: &Job, outcome: &Outcome) -> Result<(), BoxError> {
        (**self).after_attempt(job, outcome).await
    }

    async fn changed(&self, job: &Job, change: &Changed) -> Result<(), BoxError> {
        (**self).changed(job, change).await
    }
}

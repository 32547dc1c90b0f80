//! One job type, erased: the only place that knows both its Rust type and its name.

use crate::{attempt::ending::Ending, clock::RunnerClock, reporting::reports::Subject};
use job_core::{
    ActorId, Ask, Attempt, BoxError, BoxFuture, Completed, Completion, DecodeError, Job, JobStatus, JobType,
    Json, NameError, Outcome, Plain, Policy, QueueName, Reporting, RetryPolicy, RunnableJob, Text, Then,
    Transactional, TransactionalJob, TypeInfo, TypeName, UniqueScope,
};
use std::{fmt, sync::Arc, time::Duration};

/// How an attempt ended: with the proof of a transactional job, if it is one.
pub(crate) type Ran = Result<Option<Completed>, Box<Ending>>;

type Run<C> = fn(Attempt<C>, Terms, Record) -> BoxFuture<'static, Ran>;

/// What is still known of an attempt when its handler has used it up.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) job: Arc<Job>,
    pub(crate) clock: Arc<RunnerClock>,
}

impl Record {
    fn failed(&self, asked: Option<Ask>, error: impl Into<BoxError>, retry: &RetryPolicy) -> Box<Ending> {
        Ending::failed(asked, error, retry, &self.job, self.clock.now())
    }
}

/// A registered job type.
pub(crate) struct Entry<C> {
    pub(crate) name: TypeName,
    pub(crate) queue: QueueName,
    pub(crate) scope: UniqueScope,
    pub(crate) period: Option<Duration>,
    pub(crate) timeout: Duration,
    /// Whether its handlers complete the job themselves.
    pub(crate) transactional: bool,
    /// The policy for every job of the type, but for the seed and the section's crash limit.
    pub(crate) policy: Policy,
    run: Run<C>,
    reporting: fn(&Json) -> Option<Reporting>,
}

impl<C> fmt::Debug for Entry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a completion inside the handler's own transaction is checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) by: ActorId,
    pub(crate) store: &'static str,
    pub(crate) delete_completed: bool,
}

impl Terms {
    fn completion<C>(self, attempt: &Attempt<C>) -> Completion {
        let job = attempt.job().clone();
        let outlived = job.spec.unique.as_ref().is_some_and(|it| it.scope.holds(JobStatus::Completed));
        let then = if self.delete_completed && !outlived { Then::Delete } else { Then::Keep };
        Completion::new(job, self.by, self.store, then)
    }
}

impl<C: Clone + Send + Sync + 'static> Entry<C> {
    pub(crate) fn plain<J: RunnableJob<C>>() -> Result<Self, NameError> {
        Self::new(&<J as JobType<Plain<C>>>::info(), false, run_plain::<C, J>, reporting::<J, Plain<C>>)
    }

    pub(crate) fn transactional<J: TransactionalJob<C>>() -> Result<Self, NameError> {
        let info = <J as JobType<Transactional<C>>>::info();
        Self::new(&info, true, run_transactional::<C, J>, reporting::<J, Transactional<C>>)
    }

    fn new(
        info: &TypeInfo,
        transactional: bool,
        run: Run<C>,
        reporting: fn(&Json) -> Option<Reporting>,
    ) -> Result<Self, NameError> {
        let slow_queue = info.slow_queue.map(QueueName::new).transpose()?;
        Ok(Self {
            name: TypeName::new(info.name)?,
            queue: QueueName::new(info.queue)?,
            scope: info.scope,
            period: info.period,
            timeout: info.timeout,
            transactional,
            policy: Policy { retry: info.retry.clone(), slow_queue, ..Policy::default() },
            run,
            reporting,
        })
    }

    /// Decodes the args and runs the handler. Gives the proof of a transactional job. May panic.
    pub(crate) fn run(&self, attempt: Attempt<C>, terms: Terms, record: Record) -> BoxFuture<'static, Ran> {
        (self.run)(attempt, terms, record)
    }

    /// `job`, and how to ask it about itself.
    pub(crate) fn subject(&self, job: &Arc<Job>) -> Subject {
        Subject { job: job.clone(), reporting: Some(self.reporting) }
    }
}

fn run_plain<C, J>(attempt: Attempt<C>, _: Terms, record: Record) -> BoxFuture<'static, Ran>
where
    C: Send + Sync + 'static,
    J: RunnableJob<C>,
{
    Box::pin(async move {
        let job: J = attempt.job().spec.args.decode().map_err(|error| undecodable(&error))?;
        let ran = job.run(attempt).await;
        ran.map_err(|error| record.failed(J::classify(&error), error, &J::retry_policy()))?;
        Ok(None)
    })
}

fn run_transactional<C, J>(attempt: Attempt<C>, terms: Terms, record: Record) -> BoxFuture<'static, Ran>
where
    C: Send + Sync + 'static,
    J: TransactionalJob<C>,
{
    Box::pin(async move {
        let job: J = attempt.job().spec.args.decode().map_err(|error| undecodable(&error))?;
        let completion = terms.completion(&attempt);
        let ran = job.run(attempt, completion).await;
        let completed = ran.map_err(|error| record.failed(J::classify(&error), error, &J::retry_policy()))?;
        if completed.job() == record.job.id {
            Ok(Some(completed))
        } else {
            let error: BoxError =
                format!("the handler returned the proof of another job, {}", completed.job()).into();
            Err(record.failed(None, error, &J::retry_policy()))
        }
    })
}

fn undecodable(error: &DecodeError) -> Box<Ending> {
    Box::new(Outcome::Undecodable(Text::new(error)).into())
}

fn reporting<J: JobType<K>, K>(args: &Json) -> Option<Reporting> {
    args.decode::<J>().ok().map(|job| job.reporting())
}

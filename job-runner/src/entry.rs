//! One job type, erased: the only place that knows both its Rust type and its name.

use job_core::{
    ActorId, Ask, Attempt, BoxError, BoxFuture, Completed, Completion, Json, NameError, Outcome, Plain,
    Policy, QueueName, Reporting, RunnableJob, Text, Then, Transactional, TransactionalJob, TypeInfo,
    TypeName, UniqueScope,
};
use job_core::{JobStatus, JobType};
use std::{error::Error, fmt, time::Duration};

/// How an attempt ended: with the proof of a transactional job, if it is one.
pub(crate) type Ran = Result<Option<Completed>, Failure>;

type Run<C> = fn(Attempt<C>, Terms) -> BoxFuture<'static, Ran>;

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

/// How an attempt failed: data only, so that whatever its error does when it is shown or dropped has been done.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) outcome: Outcome,
    /// The error and its sources, the outermost first.
    pub(crate) errors: Vec<Text>,
}

impl Failure {
    fn of(asked: Option<Ask>, error: &BoxError) -> Self {
        let text = Text::of_error(&**error);
        let asked = asked.or_else(|| Ask::find(&**error).cloned());
        let outcome =
            asked.map_or_else(|| Outcome::Failed(text.clone()), |it| Outcome::Asked(it, text.clone()));
        Self { outcome, errors: chain(&**error) }
    }

    fn undecodable(error: &(dyn Error + 'static)) -> Self {
        let text = Text::new(error);
        Self { outcome: Outcome::Undecodable(text.clone()), errors: vec![text] }
    }
}

/// The texts of `error` and its sources, cut off where a source is its own.
fn chain(error: &(dyn Error + 'static)) -> Vec<Text> {
    const MOST: usize = 32;
    let mut next = Some(error);
    let errors = std::iter::from_fn(|| {
        let error = next?;
        next = error.source();
        Some(Text::new(error))
    });
    errors.take(MOST).collect()
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
    pub(crate) fn run(&self, attempt: Attempt<C>, terms: Terms) -> BoxFuture<'static, Ran> {
        (self.run)(attempt, terms)
    }

    /// What a job with these args says about itself; `None` if they do not decode. Code of the job type, which
    /// may block and panic.
    pub(crate) fn reporting(&self) -> fn(&Json) -> Option<Reporting> {
        self.reporting
    }
}

fn run_plain<C, J>(attempt: Attempt<C>, _: Terms) -> BoxFuture<'static, Ran>
where
    C: Send + Sync + 'static,
    J: RunnableJob<C>,
{
    Box::pin(async move {
        let job: J = attempt.job().spec.args.decode().map_err(|error| Failure::undecodable(&error))?;
        let ran = job.run(attempt).await;
        ran.map_err(|error| Failure::of(J::classify(&error), &error.into()))?;
        Ok(None)
    })
}

fn run_transactional<C, J>(attempt: Attempt<C>, terms: Terms) -> BoxFuture<'static, Ran>
where
    C: Send + Sync + 'static,
    J: TransactionalJob<C>,
{
    Box::pin(async move {
        let id = attempt.id();
        let job: J = attempt.job().spec.args.decode().map_err(|error| Failure::undecodable(&error))?;
        let completion = terms.completion(&attempt);
        let ran = job.run(attempt, completion).await;
        let completed = ran.map_err(|error| Failure::of(J::classify(&error), &error.into()))?;
        if completed.job() == id {
            Ok(Some(completed))
        } else {
            let text = format!("the handler returned the proof of another job, {}", completed.job());
            Err(Failure::of(None, &text.into()))
        }
    })
}

fn reporting<J: JobType<K>, K>(args: &Json) -> Option<Reporting> {
    args.decode::<J>().ok().map(|job| job.reporting())
}

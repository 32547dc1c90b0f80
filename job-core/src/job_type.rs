//! What both kinds of job types say about their jobs, in one view that names no handler.

use crate::{
    DraftError, JobId, JobSpec, Json, JsonError, LabelError, NewJob, Options, QueueName, RetryPolicy,
    RunnableJob, Start, Tag, Target, Timestamp, TransactionalJob, Turn, TypeName, Unique, UniqueKey,
    UniqueScope,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{marker::PhantomData, time::Duration};

/// Every [`RunnableJob`] and every [`TransactionalJob`], whatever its context.
///
/// `K` says which of the two it is; the compiler finds it out, so that `JobSource::<MyJob>::new(store)` needs
/// neither. Not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a job type",
    label = "not a job type",
    note = "derive Serialize and Deserialize, then implement RunnableJob or TransactionalJob, with TYPE, Error and `async fn run`"
)]
pub trait JobType<K>: Serialize + DeserializeOwned + Send + Sync + Sized + 'static {
    /// What holds for all jobs of the type.
    fn info() -> TypeInfo;

    /// What this job says about itself.
    ///
    /// # Errors
    ///
    /// [`DraftError`], with what cannot be stored.
    fn describe(&self) -> Result<Description, DraftError>;

    /// What this job says when something went wrong.
    fn reporting(&self) -> Reporting;

    /// This job, ready to be inserted as `id`. `now` is needed only by a type with a period whose start is not
    /// a point in time.
    ///
    /// # Errors
    ///
    /// [`DraftError`], with what cannot be stored.
    fn draft(&self, id: JobId, options: &Options, now: Option<Timestamp>) -> Result<NewJob, DraftError> {
        let info = Self::info();
        let type_name = TypeName::new(info.name)?;
        let Description { key, turn, target, tags, priority, max_retries } = self.describe()?;
        let tags: Vec<Tag> = tags.into_iter().chain(options.tags.iter().cloned()).collect();
        if tags.len() > JobSpec::TAGS_MOST {
            return Err(DraftError::Tags { count: tags.len() });
        }
        let key = match (key, info.period) {
            (Some(key), Some(period)) => {
                let start = match (options.start, now) {
                    (Start::At(at), _) => at,
                    (start, Some(now)) => start.resolve(now),
                    (_, None) => return Err(DraftError::NeedsTime { type_name }),
                };
                Some(key.once_per(period, start))
            }
            (key, _) => key,
        };
        let own_turn = |key: &UniqueKey| {
            (info.scope == UniqueScope::Waiting && !info.overlap).then(|| Turn::of_key(&type_name, key))
        };
        let turn = turn.or_else(|| key.as_ref().and_then(own_turn));
        let queue = match &options.queue {
            Some(queue) => queue.clone(),
            None => QueueName::new(info.queue)?,
        };
        let args =
            Json::of(self).map_err(|source| DraftError::Args { type_name: type_name.clone(), source })?;
        Ok(NewJob {
            id,
            type_name,
            args,
            priority: options.priority.unwrap_or(priority),
            target,
            tags,
            unique: key.map(|key| Unique { key, scope: info.scope }),
            turn,
            max_retries: options.max_retries.unwrap_or(max_retries),
            requester: options.requester.clone(),
            queue,
            start: options.start,
        })
    }
}

/// What holds for all jobs of a type.
#[derive(Clone, Debug)]
pub struct TypeInfo {
    /// [`RunnableJob::TYPE`].
    pub name: &'static str,
    /// [`RunnableJob::QUEUE`].
    pub queue: &'static str,
    /// [`RunnableJob::SCOPE`].
    pub scope: UniqueScope,
    /// [`RunnableJob::PERIOD`].
    pub period: Option<Duration>,
    /// [`RunnableJob::OVERLAP`].
    pub overlap: bool,
    /// [`RunnableJob::TIMEOUT`].
    pub timeout: Duration,
    /// [`RunnableJob::SLOW_QUEUE`].
    pub slow_queue: Option<&'static str>,
    /// [`RunnableJob::retry_policy`].
    pub retry: RetryPolicy,
}

/// What one job says about itself.
#[derive(Clone, Debug)]
pub struct Description {
    /// [`RunnableJob::unique_key`].
    pub key: Option<UniqueKey>,
    /// [`RunnableJob::turn`].
    pub turn: Option<Turn>,
    /// [`RunnableJob::target`].
    pub target: Option<Target>,
    /// [`RunnableJob::tags`].
    pub tags: Vec<Tag>,
    /// [`RunnableJob::priority`].
    pub priority: i16,
    /// [`RunnableJob::max_retries`].
    pub max_retries: u32,
}

/// What one job says when something went wrong.
#[derive(Clone, Debug)]
pub struct Reporting {
    /// [`RunnableJob::report_vars`].
    pub vars: Vec<(String, String)>,
    /// [`RunnableJob::operation`].
    pub operation: String,
    /// [`RunnableJob::recipients`].
    pub recipients: Vec<String>,
}

/// Marks a [`RunnableJob`] with the context `C`.
#[derive(Debug)]
pub struct Plain<C>(PhantomData<C>);

/// Marks a [`TransactionalJob`] with the context `C`.
#[derive(Debug)]
pub struct Transactional<C>(PhantomData<C>);

fn described(
    name: &'static str,
    key: Result<Option<UniqueKey>, JsonError>,
    target: Result<Option<Target>, LabelError>,
    tags: Result<Vec<Tag>, LabelError>,
    rest: (Option<Turn>, i16, u32),
) -> Result<Description, DraftError> {
    let type_name = TypeName::new(name)?;
    let (turn, priority, max_retries) = rest;
    let key = key.map_err(|source| DraftError::Key { type_name, source })?;
    Ok(Description { key, turn, target: target?, tags: tags?, priority, max_retries })
}

macro_rules! job_types {
    ($($marker:ident, $handler:ident;)*) => {$(
        impl<C, J: $handler<C>> JobType<$marker<C>> for J {
            fn info() -> TypeInfo {
                TypeInfo {
                    name: J::TYPE,
                    queue: J::QUEUE,
                    scope: J::SCOPE,
                    period: J::PERIOD,
                    overlap: J::OVERLAP,
                    timeout: J::TIMEOUT,
                    slow_queue: J::SLOW_QUEUE,
                    retry: J::retry_policy(),
                }
            }

            fn describe(&self) -> Result<Description, DraftError> {
                let rest = (self.turn(), self.priority(), self.max_retries());
                described(J::TYPE, self.unique_key(), self.target(), self.tags(), rest)
            }

            fn reporting(&self) -> Reporting {
                Reporting { vars: self.report_vars(), operation: self.operation(), recipients: self.recipients() }
            }
        }
    )*};
}

job_types! {
    Plain, RunnableJob;
    Transactional, TransactionalJob;
}

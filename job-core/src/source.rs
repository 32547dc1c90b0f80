//! The typed view of one job type in a store: Launchpad's job source.

use crate::{
    ActorId, Clock, DecodeError, DraftError, Job, JobId, JobType, NewJob, Options, Ready, Start, Text,
    Timestamp, TypeInfo, TypeName,
    store::{Inserted, JobStore, JobStoreExt, OperateError, Operation, StoreError, Unreadable},
};
use std::{fmt, marker::PhantomData, sync::Arc};

/// How often a vanished holder makes `acquire` try again.
const TRIES: u32 = 5;

type Draft<J> = fn(&J, JobId, &Options, Option<Timestamp>) -> Result<NewJob, DraftError>;

/// The jobs of type `J` in a store: creates, acquires, finds and operates on them.
///
/// ```no_run
/// # use job_core::{JobSource, RunnableJob, Attempt, BoxError, store::JobStore};
/// # use std::sync::Arc;
/// # #[derive(serde::Serialize, serde::Deserialize)] struct Greet { name: String }
/// # impl RunnableJob for Greet {
/// #     const TYPE: &'static str = "greet"; type Error = BoxError;
/// #     async fn run(self, _: Attempt) -> Result<(), BoxError> { Ok(()) }
/// # }
/// # async fn example(store: Arc<dyn JobStore>) -> Result<(), job_core::SourceError> {
/// let greetings = JobSource::<Greet>::new(store);
/// let job = greetings.create(&Greet { name: "Zoë".to_owned() }).await?;
/// assert!(greetings.get(job.id).await?.job.state.attempt_count() <= 1);
/// # Ok(())
/// # }
/// ```
pub struct JobSource<J> {
    store: Arc<dyn JobStore>,
    info: TypeInfo,
    draft: Draft<J>,
    clock: Clock,
    jobs: PhantomData<fn() -> J>,
}

impl<J> Clone for JobSource<J> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), info: self.info.clone(), ..*self }
    }
}

impl<J> fmt::Debug for JobSource<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobSource")
            .field("type", &self.info.name)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// What `acquire` found or made: the job, or where the rest of it was not read, its id.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Acquired<J = Job> {
    /// This call made it.
    Created(J),
    /// It was there: it holds the key.
    Existing(J),
}

/// What a store's `acquire_on` found or made in the caller's transaction.
pub type AcquiredId = Acquired<JobId>;

impl<J> Acquired<J> {
    /// Whether this call made it.
    #[must_use]
    pub const fn is_created(&self) -> bool {
        matches!(self, Self::Created(_))
    }
}

impl Acquired {
    /// The job, whoever made it.
    #[must_use]
    pub fn into_job(self) -> Job {
        match self {
            Self::Created(job) | Self::Existing(job) => job,
        }
    }
}

impl AcquiredId {
    /// The job's id, whoever made it.
    #[must_use]
    pub const fn id(self) -> JobId {
        match self {
            Self::Created(id) | Self::Existing(id) => id,
        }
    }
}

/// A job and its args.
#[derive(Clone, Debug)]
pub struct TypedJob<J> {
    /// The args, decoded.
    pub args: J,
    /// The record.
    pub job: Job,
}

impl<J> JobSource<J> {
    /// The jobs of type `J` in `store`.
    #[must_use]
    pub fn new<K>(store: Arc<dyn JobStore>) -> Self
    where
        J: JobType<K>,
    {
        Self { store, info: J::info(), draft: J::draft, clock: Clock::Store, jobs: PhantomData }
    }

    /// The same, by another clock: for tests.
    #[must_use]
    pub fn by_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Creates a job.
    ///
    /// # Errors
    ///
    /// [`SourceError::KeyTaken`] if another job holds its key; see [`acquire`](Self::acquire).
    pub async fn create(&self, job: &J) -> Result<Job, SourceError> {
        self.create_with(job, &Options::default()).await
    }

    /// Creates a job, with options.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub async fn create_with(&self, job: &J, options: &Options) -> Result<Job, SourceError> {
        match self.insert(&[(job, options)]).await?.pop() {
            Some(Inserted::Created(job)) => Ok(job),
            Some(Inserted::Existing { holder }) => Err(SourceError::KeyTaken { holder }),
            Some(Inserted::IdTaken) | None => Err(SourceError::Busy),
        }
    }

    /// Creates many jobs in one call, and answers for each: Created, or Existing with the holder of its key.
    /// Of equal keys the first wins.
    ///
    /// # Errors
    ///
    /// [`SourceError::Invalid`] if one of them cannot be stored; then none is.
    pub async fn create_many<'a>(
        &self,
        jobs: impl IntoIterator<Item = &'a J>,
        options: &Options,
    ) -> Result<Vec<Inserted>, SourceError>
    where
        J: 'a,
    {
        let jobs: Vec<_> = jobs.into_iter().map(|it| (it, options)).collect();
        self.insert(&jobs).await
    }

    /// Creates the job, or gives the one that holds its key. With any number of callers at once, exactly one
    /// creates. Without a key it is [`create`](Self::create).
    ///
    /// # Errors
    ///
    /// [`SourceError`]
    pub async fn acquire(&self, job: &J) -> Result<Acquired, SourceError> {
        self.acquire_with(job, &Options::default()).await
    }

    /// Acquires a job, with options for the one that is created.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_with(&self, job: &J, options: &Options) -> Result<Acquired, SourceError> {
        for _ in 0..TRIES {
            match self.insert(&[(job, options)]).await?.pop() {
                Some(Inserted::Created(job)) => return Ok(Acquired::Created(job)),
                Some(Inserted::Existing { holder }) => match self.store.get(holder).await? {
                    Some(job) => return Ok(Acquired::Existing(job)),
                    None => continue, // Deleted meanwhile: the key is free again.
                },
                Some(Inserted::IdTaken) | None => break,
            }
        }
        Err(SourceError::Busy)
    }

    /// The job with this id.
    ///
    /// # Errors
    ///
    /// [`SourceError::NotFound`] if there is none, or it is of another type.
    pub async fn get(&self, id: JobId) -> Result<TypedJob<J>, SourceError>
    where
        J: serde::de::DeserializeOwned,
    {
        let job = self.store.get(id).await?.filter(|it| it.spec.type_name.as_str() == self.info.name);
        let job = job.ok_or(SourceError::NotFound { id })?;
        let args = job.spec.args.decode().map_err(|source| SourceError::Undecodable { id, source })?;
        Ok(TypedJob { args, job })
    }

    /// Cancels the job. See [`Job::cancel`].
    ///
    /// # Errors
    ///
    /// [`SourceError::Operate`], and [`SourceError::NotFound`] if the job is of another type.
    pub async fn cancel(&self, id: JobId, reason: impl Into<Text>) -> Result<Job, SourceError> {
        self.operate(id, Operation::Cancel(reason.into())).await
    }

    /// Does `operation` to the job, as an actor of its own. See [`JobStoreExt::operate`].
    ///
    /// # Errors
    ///
    /// As [`cancel`](Self::cancel).
    pub async fn operate(&self, id: JobId, operation: Operation) -> Result<Job, SourceError> {
        let known = self.store.get(id).await?.is_some_and(|it| it.spec.type_name.as_str() == self.info.name);
        if !known {
            return Err(SourceError::NotFound { id });
        }
        let by = ActorId::from_uuid(*self.store.mint().as_uuid());
        Ok(self.store.operate(id, operation, by, self.clock).await?)
    }

    /// The jobs of this type that a claim without limit would start now, in the order of claims: queue by
    /// queue, and of jobs that share a turn only the first. Claims nothing.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the type's name cannot be one, or the store does not tell the time.
    pub async fn iter_ready(&self) -> Result<Ready<J>, SourceError> {
        let type_name = TypeName::new(self.info.name).map_err(DraftError::from)?;
        let now = self.store.time(self.clock).await?;
        Ok(Ready::new(self.store.clone(), type_name, now))
    }

    async fn insert(&self, jobs: &[(&J, &Options)]) -> Result<Vec<Inserted>, SourceError> {
        let needs_time =
            self.info.period.is_some() && jobs.iter().any(|(_, it)| !matches!(it.start, Start::At(_)));
        let now = if needs_time { Some(self.store.time(self.clock).await?) } else { None };
        let drafts: Result<Vec<_>, _> =
            jobs.iter().map(|(job, options)| (self.draft)(job, self.store.mint(), options, now)).collect();
        Ok(self.store.insert(&drafts?, self.clock).await?)
    }
}

/// A call on a job source that did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The job cannot be stored.
    #[error(transparent)]
    Invalid(#[from] DraftError),
    /// Another job holds its unique key: `acquire` gives that one.
    #[error("job {holder} holds the same unique key; acquire gives that job instead of failing")]
    KeyTaken {
        /// The holder.
        holder: JobId,
    },
    /// There is no such job of this type.
    #[error("there is no job {id} of this type")]
    NotFound {
        /// The id.
        id: JobId,
    },
    /// Its args are no longer args of this type.
    #[error("job {id}: {source}")]
    Undecodable {
        /// The job.
        id: JobId,
        /// What does not fit.
        source: DecodeError,
    },
    /// Its row cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The operation is not possible.
    #[error(transparent)]
    Operate(#[from] OperateError),
    /// Others keep taking and freeing the key. Nothing was done; try again.
    #[error("the unique key keeps changing hands just now; nothing was done, try again")]
    Busy,
    /// The store broke.
    #[error(transparent)]
    Store(#[from] StoreError),
}

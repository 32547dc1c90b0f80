//! The same on synchronous Diesel connections: `diesel::PgConnection`, and any other of the same backend.

use crate::{
    callers::{
        bulk::{Bulk, needs_time, new_id},
        complete::{CompleteError, Ending, held, is_held},
        drafts::{Drafts, ROUNDS},
        enqueue::{AcquiredId, EnqueueError},
        jobs::{self, created},
    },
    change::Id,
    clock::Time,
    error::store_error,
    insert::Holder,
    list::Number,
    statement::{Statement, bind::Bind},
};
use diesel::{QueryResult, connection::LoadConnection, pg::Pg};
use job_core::{
    Clock, Completed, Completion, JobId, JobType, NewJob, Options, Then, Timestamp, store::StoreError,
};

/// The counterpart of [`EnqueueOn`](crate::EnqueueOn) for synchronous connections; each method promises the same.
pub trait EnqueueOn<K>: JobType<K> {
    /// Creates the job.
    ///
    /// # Errors
    ///
    /// [`EnqueueError::KeyTaken`] if another job holds its key; see [`acquire_on`](Self::acquire_on).
    fn create_on<C: LoadConnection<Backend = Pg>>(&self, conn: &mut C) -> Result<JobId, EnqueueError> {
        Jobs::default().create_on(conn, self, &Options::default())
    }

    /// Creates the job, or gives the one that holds its key.
    ///
    /// # Errors
    ///
    /// [`EnqueueError`]
    fn acquire_on<C: LoadConnection<Backend = Pg>>(&self, conn: &mut C) -> Result<AcquiredId, EnqueueError> {
        Jobs::default().acquire_on(conn, self, &Options::default())
    }

    /// Creates many jobs, and answers for each.
    ///
    /// # Errors
    ///
    /// [`EnqueueError`]. On any error none is stored.
    fn create_many_on<'a, C: LoadConnection<Backend = Pg>>(
        conn: &mut C,
        jobs: impl IntoIterator<Item = &'a Self>,
        options: &Options,
    ) -> Result<Vec<AcquiredId>, EnqueueError> {
        Jobs::default().create_many_on(conn, jobs, options)
    }
}

impl<J, K> EnqueueOn<K> for J where J: JobType<K> {}

/// The jobs of one schema, on synchronous connections: the schema `jobs`, or made `from` [`Jobs`](crate::Jobs).
#[derive(Clone, Debug, Default)]
pub struct Jobs(jobs::Jobs);

impl From<jobs::Jobs> for Jobs {
    fn from(jobs: jobs::Jobs) -> Self {
        Self(jobs)
    }
}

impl Jobs {
    /// See [`Jobs::create_on`](crate::Jobs::create_on).
    ///
    /// # Errors
    ///
    /// [`EnqueueError::KeyTaken`] if another job holds its key.
    pub fn create_on<J: JobType<K>, K, C: LoadConnection<Backend = Pg>>(
        &self,
        conn: &mut C,
        job: &J,
        options: &Options,
    ) -> Result<JobId, EnqueueError> {
        created(self.acquire_on(conn, job, options)?)
    }

    /// See [`Jobs::acquire_on`](crate::Jobs::acquire_on).
    ///
    /// # Errors
    ///
    /// [`EnqueueError`]
    pub fn acquire_on<J: JobType<K>, K, C: LoadConnection<Backend = Pg>>(
        &self,
        conn: &mut C,
        job: &J,
        options: &Options,
    ) -> Result<AcquiredId, EnqueueError> {
        let now = needs_time::<J, K>(options).then(|| self.now(conn)).transpose()?;
        let draft = job.draft(new_id(), options, now)?;
        self.enqueue(conn, vec![draft], Clock::Store)?.pop().ok_or_else(EnqueueError::busy)
    }

    /// See [`Jobs::create_many_on`](crate::Jobs::create_many_on).
    ///
    /// # Errors
    ///
    /// [`EnqueueError`]. On any error none of the jobs is stored.
    pub fn create_many_on<'a, J: JobType<K>, K, C: LoadConnection<Backend = Pg>>(
        &self,
        conn: &mut C,
        jobs: impl IntoIterator<Item = &'a J>,
        options: &Options,
    ) -> Result<Vec<AcquiredId>, EnqueueError> {
        let bulk = Bulk::<J, K>::new(jobs, options);
        conn.transaction(|conn| {
            let now = bulk.needs_time().then(|| self.now(conn)).transpose()?;
            let mut answers = vec![None; bulk.len()];
            for batch in bulk.batches(now)? {
                let given = self.enqueue(conn, bulk.drafts(&batch, now)?, bulk.clock(now))?;
                for ((n, ..), answer) in batch.iter().zip(given) {
                    answers[*n] = Some(answer);
                }
            }
            answers.into_iter().collect::<Option<_>>().ok_or_else(EnqueueError::busy)
        })
    }

    /// See [`Jobs::delete_on`](crate::Jobs::delete_on).
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn delete_on<C>(&self, conn: &mut C, ids: &[JobId]) -> Result<u64, StoreError>
    where
        C: LoadConnection<Backend = Pg>,
    {
        let statement = Statement::new(&self.0.texts.delete, vec![Bind::ids(ids.iter().copied())]);
        let deleted = conn.execute_returning_count(&statement).map_err(store_error)?;
        Ok(u64::try_from(deleted).unwrap_or(u64::MAX))
    }

    /// See [`Jobs::complete_on`](crate::Jobs::complete_on).
    ///
    /// # Errors
    ///
    /// [`CompleteError`]. Then the transaction must roll back.
    pub fn complete_on<C>(&self, conn: &mut C, completion: Completion) -> Result<Completed, CompleteError>
    where
        C: LoadConnection<Backend = Pg>,
    {
        let ending = Ending::new(completion)?;
        let change = ending.change(self.now(conn)?)?;
        let applied: Vec<Id> = ending.changes(&change).statement(&self.0.texts).rows_sync(conn)?;
        let completed = ending.completed(&applied)?;
        if change.then == Then::Delete {
            let _: Vec<Number> = ending.delete(&self.0.texts).rows_sync(conn)?;
        }
        Ok(completed)
    }

    /// See [`Jobs::hold_on`](crate::Jobs::hold_on).
    ///
    /// # Errors
    ///
    /// [`CompleteError`]. Then the transaction must roll back.
    pub fn hold_on<C>(&self, conn: &mut C, completion: &Completion) -> Result<(), CompleteError>
    where
        C: LoadConnection<Backend = Pg>,
    {
        let held: Vec<Id> = held(&self.0.texts, completion)?.rows_sync(conn)?;
        is_held(completion, &held)
    }

    /// See [`Jobs::complete_in`](crate::Jobs::complete_in).
    ///
    /// # Errors
    ///
    /// What `work` fails with, or a [`CompleteError`] or Diesel's error made into it. Then nothing is kept.
    pub fn complete_in<C, E>(
        &self,
        conn: &mut C,
        completion: Completion,
        work: impl FnOnce(&mut C) -> Result<(), E>,
    ) -> Result<Completed, E>
    where
        C: LoadConnection<Backend = Pg>,
        E: From<diesel::result::Error> + From<CompleteError>,
    {
        conn.transaction(|conn| {
            self.hold_on(conn, &completion)?;
            work(conn)?;
            Ok(self.complete_on(conn, completion)?)
        })
    }

    fn enqueue<C>(
        &self,
        conn: &mut C,
        jobs: Vec<NewJob>,
        clock: Clock,
    ) -> Result<Vec<AcquiredId>, EnqueueError>
    where
        C: LoadConnection<Backend = Pg>,
    {
        let mut drafts = Drafts::new(jobs, clock, &self.0.schema, self.0.rings);
        for _ in 0..ROUNDS {
            let ids: Vec<Id> = drafts.insert(&self.0.texts).rows_sync(conn)?;
            drafts.written(&ids);
            if let Some(answers) = drafts.answers() {
                return Ok(answers);
            }
            let holders: Vec<Holder> = drafts.existing(&self.0.texts).rows_sync(conn)?;
            drafts.found(&holders);
            if let Some(answers) = drafts.answers() {
                return Ok(answers);
            }
        }
        Err(EnqueueError::busy())
    }

    fn now<C: LoadConnection<Backend = Pg>>(&self, conn: &mut C) -> QueryResult<Timestamp> {
        let times: Vec<Time> = Statement::new(&self.0.texts.now, Vec::new()).rows_sync(conn)?;
        times.into_iter().next().map(|it| it.0).ok_or(diesel::result::Error::NotFound)
    }
}

/// Completes the job, as the last statement of the handler's own transaction.
///
/// # Errors
///
/// [`CompleteError`]. Then the transaction must roll back.
pub fn complete_on<C>(conn: &mut C, completion: Completion) -> Result<Completed, CompleteError>
where
    C: LoadConnection<Backend = Pg>,
{
    Jobs::default().complete_on(conn, completion)
}

/// See [`hold_on`](crate::hold_on()).
///
/// # Errors
///
/// [`CompleteError`]. Then the transaction must roll back.
pub fn hold_on<C>(conn: &mut C, completion: &Completion) -> Result<(), CompleteError>
where
    C: LoadConnection<Backend = Pg>,
{
    Jobs::default().hold_on(conn, completion)
}

/// Does `work` and completes the job, in one transaction that it begins and commits.
///
/// # Errors
///
/// What `work` fails with, or a [`CompleteError`] or Diesel's error made into it. Then nothing is kept.
pub fn complete_in<C, E>(
    conn: &mut C,
    completion: Completion,
    work: impl FnOnce(&mut C) -> Result<(), E>,
) -> Result<Completed, E>
where
    C: LoadConnection<Backend = Pg>,
    E: From<diesel::result::Error> + From<CompleteError>,
{
    Jobs::default().complete_in(conn, completion, work)
}

//! The jobs of one schema, on the application's own connections.

use crate::{
    callers::{
        bulk::{Bulk, needs_time, new_id},
        complete::{CompleteError, Ending, Work, held, is_held},
        drafts::{Drafts, ROUNDS},
        enqueue::{AcquiredId, EnqueueError},
    },
    change::Id,
    clock::Time,
    error::store_error,
    list::Number,
    statement::{
        Statement,
        bind::Bind,
        schema::{Schema, SchemaError},
        texts::Texts,
    },
};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use job_core::{
    Clock, Completed, Completion, JobId, JobType, NewJob, Options, Then, Timestamp, store::StoreError,
};
use std::sync::{Arc, LazyLock};

/// How many jobs one statement takes.
pub(crate) const BATCH: usize = 2000;

/// The jobs of one schema, on the application's own connections. Cheap to clone; make it once.
///
/// [`EnqueueOn`](crate::EnqueueOn) is the same for the schema `jobs`.
#[derive(Clone, Debug)]
pub struct Jobs {
    pub(crate) schema: Schema,
    pub(crate) texts: Arc<Texts>,
    pub(crate) rings: bool,
}

impl Default for Jobs {
    /// Those of the schema `jobs`.
    fn default() -> Self {
        Self::usual().clone()
    }
}

impl Jobs {
    /// The jobs of another schema than `jobs`.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] if there can be no schema of this name.
    pub fn in_schema(name: &str) -> Result<Self, SchemaError> {
        Ok(Self::of(Schema::new(name)?))
    }

    /// Tells no runner of new jobs: they find them when they look next.
    #[must_use]
    pub fn without_notify(self) -> Self {
        Self { rings: false, ..self }
    }

    pub(crate) fn usual() -> &'static Self {
        static USUAL: LazyLock<Jobs> = LazyLock::new(|| Jobs::of(Schema::default()));
        &USUAL
    }

    fn of(schema: Schema) -> Self {
        Self { texts: Arc::new(Texts::of(&schema)), schema, rings: true }
    }

    /// See [`EnqueueOn::create_on`](crate::EnqueueOn::create_on).
    ///
    /// # Errors
    ///
    /// [`EnqueueError::KeyTaken`] if another job holds its key.
    pub async fn create_on<J: JobType<K>, K>(
        &self,
        conn: &mut AsyncPgConnection,
        job: &J,
        options: &Options,
    ) -> Result<JobId, EnqueueError> {
        created(self.acquire_on(conn, job, options).await?)
    }

    /// See [`EnqueueOn::acquire_on`](crate::EnqueueOn::acquire_on).
    ///
    /// # Errors
    ///
    /// [`EnqueueError`]
    pub async fn acquire_on<J: JobType<K>, K>(
        &self,
        conn: &mut AsyncPgConnection,
        job: &J,
        options: &Options,
    ) -> Result<AcquiredId, EnqueueError> {
        let now = self.now_for(conn, needs_time::<J, K>(options)).await?;
        let draft = job.draft(new_id(), options, now)?;
        self.enqueue(conn, vec![draft], Clock::Store).await?.pop().ok_or_else(EnqueueError::busy)
    }

    /// See [`EnqueueOn::create_many_on`](crate::EnqueueOn::create_many_on).
    ///
    /// # Errors
    ///
    /// [`EnqueueError`]. On any error none of the jobs is stored.
    pub fn create_many_on<'a, J: JobType<K>, K, I>(
        &self,
        conn: &mut AsyncPgConnection,
        jobs: I,
        options: &Options,
    ) -> impl Future<Output = Result<Vec<AcquiredId>, EnqueueError>> + Send
    where
        I: IntoIterator<Item = &'a J>,
    {
        let bulk = Bulk::<J, K>::new(jobs, options);
        async move {
            conn.transaction(async |conn| {
                let now = self.now_for(conn, bulk.needs_time()).await?;
                let mut answers = vec![None; bulk.len()];
                for batch in bulk.batches(now)? {
                    let given = self.enqueue(conn, bulk.drafts(&batch, now)?, bulk.clock(now)).await?;
                    for ((n, ..), answer) in batch.iter().zip(given) {
                        answers[*n] = Some(answer);
                    }
                }
                answers.into_iter().collect::<Option<_>>().ok_or_else(EnqueueError::busy)
            })
            .await
        }
    }

    /// Deletes jobs with their notes, whatever their status, as part of the caller's transaction, and says how many. A
    /// running one ends as gone and stops nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`], also where a row of the application refers to one of them.
    pub async fn delete_on(&self, conn: &mut AsyncPgConnection, ids: &[JobId]) -> Result<u64, StoreError> {
        let binds = vec![Bind::ids(ids.iter().copied())];
        let deleted = Statement::new(&self.texts.delete, binds).run(conn).await.map_err(store_error)?;
        Ok(u64::try_from(deleted).unwrap_or(u64::MAX))
    }

    /// See [`complete_on`](crate::complete_on()).
    ///
    /// # Errors
    ///
    /// [`CompleteError`]. Then the transaction must roll back.
    pub async fn complete_on(
        &self,
        conn: &mut AsyncPgConnection,
        completion: Completion,
    ) -> Result<Completed, CompleteError> {
        let ending = Ending::new(completion)?;
        let now = self.now(conn).await?;
        let change = ending.change(now)?;
        let applied = ending.changes(&change).statement(&self.texts).rows(conn).await?;
        let completed = ending.completed(&applied)?;
        if change.then == Then::Delete {
            let _: Vec<Number> = ending.delete(&self.texts).rows(conn).await?;
        }
        Ok(completed)
    }

    /// See [`hold_on`](crate::hold_on()).
    ///
    /// # Errors
    ///
    /// [`CompleteError`]. Then the transaction must roll back.
    pub async fn hold_on(
        &self,
        conn: &mut AsyncPgConnection,
        completion: &Completion,
    ) -> Result<(), CompleteError> {
        let held: Vec<Id> = held(&self.texts, completion)?.rows(conn).await?;
        is_held(completion, &held)
    }

    /// See [`complete_in`](crate::complete_in()).
    ///
    /// # Errors
    ///
    /// What `work` fails with, or a [`CompleteError`] or Diesel's error made into it. Then nothing is kept.
    pub async fn complete_in<E, F>(
        &self,
        conn: &mut AsyncPgConnection,
        completion: Completion,
        work: F,
    ) -> Result<Completed, E>
    where
        E: From<diesel::result::Error> + From<CompleteError> + Send + 'static,
        for<'r> F: AsyncFnOnce(&'r mut AsyncPgConnection) -> Result<(), E>
            + Work<&'r mut AsyncPgConnection, Result<(), E>, Fut: Send>
            + Send,
    {
        conn.transaction(async move |conn: &mut AsyncPgConnection| {
            self.hold_on(conn, &completion).await?;
            let done = work(&mut *conn);
            done.await?;
            Ok(self.complete_on(conn, completion).await?)
        })
        .await
    }

    async fn enqueue(
        &self,
        conn: &mut AsyncPgConnection,
        jobs: Vec<NewJob>,
        clock: Clock,
    ) -> Result<Vec<AcquiredId>, EnqueueError> {
        let mut drafts = Drafts::new(jobs, clock, &self.schema, self.rings);
        for _ in 0..ROUNDS {
            let ids = drafts.insert(&self.texts).rows(conn).await?;
            drafts.written(&ids);
            if let Some(answers) = drafts.answers() {
                return Ok(answers);
            }
            let holders = drafts.existing(&self.texts).rows(conn).await?;
            drafts.found(&holders);
            if let Some(answers) = drafts.answers() {
                return Ok(answers);
            }
        }
        Err(EnqueueError::busy())
    }

    async fn now_for(
        &self,
        conn: &mut AsyncPgConnection,
        needed: bool,
    ) -> diesel::QueryResult<Option<Timestamp>> {
        if needed { self.now(conn).await.map(Some) } else { Ok(None) }
    }

    async fn now(&self, conn: &mut AsyncPgConnection) -> diesel::QueryResult<Timestamp> {
        let time: Option<Time> = Statement::new(&self.texts.now, Vec::new()).first(conn).await?;
        time.map(|it| it.0).ok_or(diesel::result::Error::NotFound)
    }
}

pub(crate) fn created(acquired: AcquiredId) -> Result<JobId, EnqueueError> {
    match acquired {
        AcquiredId::Created(id) => Ok(id),
        AcquiredId::Existing(holder) => Err(EnqueueError::KeyTaken { holder }),
    }
}

/// [`Jobs::delete_on`] for the schema `jobs`.
///
/// # Errors
///
/// As there.
pub async fn delete_on(conn: &mut AsyncPgConnection, ids: &[JobId]) -> Result<u64, StoreError> {
    Jobs::usual().delete_on(conn, ids).await
}

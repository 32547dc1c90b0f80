//! Enqueueing on the application's own connection, inside its own transaction.

use crate::{callers::jobs::Jobs, error::store_error};
use diesel_async::AsyncPgConnection;
use job_core::{DraftError, JobId, JobType, Options, store::StoreError};

pub use job_core::AcquiredId;

/// Creates jobs on a plain Diesel connection, in the schema `jobs`; [`Jobs`] does the same in another. Implemented for every
/// job type. Its counterpart for synchronous connections is [`sync::EnqueueOn`](crate::callers::sync::EnqueueOn).
///
/// All of it belongs to the caller's transaction or savepoint, and is undone with it. Without one, each call is its own.
/// It gives ids, not jobs: a role that only enqueues may not read args.
///
/// Begin the transaction with Diesel (`conn.transaction`): of a `BEGIN` sent as raw SQL Diesel does not know, and
/// [`create_many_on`](Self::create_many_on), which makes a transaction or savepoint of its own, would then commit it.
///
/// ```
/// # use job_core::{Attempt, BoxError, RunnableJob};
/// use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
/// use job_store_pg::EnqueueOn;
/// # #[derive(serde::Serialize, serde::Deserialize)] struct Greet { name: String }
/// # impl RunnableJob for Greet {
/// #     const TYPE: &'static str = "greet"; type Error = BoxError;
/// #     async fn run(self, _: Attempt) -> Result<(), BoxError> { Ok(()) }
/// # }
///
/// # async fn example(conn: &mut AsyncPgConnection) -> Result<(), BoxError> {
/// conn.transaction(async |conn| {
///     diesel::sql_query("INSERT INTO person (name) VALUES ('Zoë')").execute(conn).await?;
///     Greet { name: "Zoë".to_owned() }.create_on(conn).await?;
///     Ok::<_, BoxError>(())
/// })
/// .await
/// # }
/// ```
///
/// Two transactions that take the same keys in different orders, by a call for each, can deadlock, as with any rows;
/// PostgreSQL then fails one of them. One [`create_many_on`](Self::create_many_on) takes its keys in one order, however many
/// they are: any number of transactions that each make one such call, or one [`acquire_on`](Self::acquire_on), wait for one
/// another and all get through.
pub trait EnqueueOn<K>: JobType<K> {
    /// Creates the job.
    ///
    /// # Errors
    ///
    /// [`EnqueueError::KeyTaken`] if another job holds its key; see [`acquire_on`](Self::acquire_on).
    fn create_on(
        &self,
        conn: &mut AsyncPgConnection,
    ) -> impl Future<Output = Result<JobId, EnqueueError>> + Send {
        async { Jobs::usual().create_on(conn, self, &Options::default()).await }
    }

    /// Creates the job, with options.
    ///
    /// # Errors
    ///
    /// As [`create_on`](Self::create_on).
    fn create_on_with(
        &self,
        conn: &mut AsyncPgConnection,
        options: &Options,
    ) -> impl Future<Output = Result<JobId, EnqueueError>> + Send {
        Jobs::usual().create_on(conn, self, options)
    }

    /// Creates the job, or gives the one that holds its key.
    ///
    /// [`Existing`](AcquiredId::Existing) is a promise about the future: the holder, unless it is running already, does
    /// not start before the caller's transaction has ended, and so sees what it commits. Keep such transactions short: the
    /// holder waits for them. Those of many callers may overlap without a pause; once the holder is overdue, the next of them
    /// wait for a moment while a runner starts it, and then create a new job or rely on the next one.
    ///
    /// # Errors
    ///
    /// [`EnqueueError`]
    fn acquire_on(
        &self,
        conn: &mut AsyncPgConnection,
    ) -> impl Future<Output = Result<AcquiredId, EnqueueError>> + Send {
        async { Jobs::usual().acquire_on(conn, self, &Options::default()).await }
    }

    /// Acquires the job, with options for the one that is created.
    ///
    /// # Errors
    ///
    /// As [`acquire_on`](Self::acquire_on).
    fn acquire_on_with(
        &self,
        conn: &mut AsyncPgConnection,
        options: &Options,
    ) -> impl Future<Output = Result<AcquiredId, EnqueueError>> + Send {
        Jobs::usual().acquire_on(conn, self, options)
    }

    /// Creates many jobs, and answers for each, in their order. Of equal keys the first wins. A statement takes two thousand,
    /// so that the rows of a hundred thousand need not be in memory at once; only their keys are.
    ///
    /// # Errors
    ///
    /// [`EnqueueError::Invalid`] if one of them cannot be stored. On any error none is.
    fn create_many_on<'a, I>(
        conn: &mut AsyncPgConnection,
        jobs: I,
        options: &Options,
    ) -> impl Future<Output = Result<Vec<AcquiredId>, EnqueueError>> + Send
    where
        I: IntoIterator<Item = &'a Self>,
    {
        Jobs::usual().create_many_on(conn, jobs, options)
    }
}

impl<J, K> EnqueueOn<K> for J where J: JobType<K> {}

/// The job was not enqueued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnqueueError {
    /// The job cannot be stored.
    #[error(transparent)]
    Invalid(#[from] DraftError),
    /// Another job holds its unique key: `acquire_on` gives that one.
    #[error("job {holder} holds the same unique key; acquire_on gives that job instead of failing")]
    KeyTaken {
        /// The holder.
        holder: JobId,
    },
    /// The store broke.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EnqueueError {
    /// Others keep taking and freeing a key.
    pub(crate) fn busy() -> Self {
        Self::Store(StoreError::Unavailable("unique keys keep changing hands".into()))
    }
}

/// So that a transaction may fail with this alone.
impl From<diesel::result::Error> for EnqueueError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(store_error(error))
    }
}

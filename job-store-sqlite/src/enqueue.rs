//! Enqueueing on the application's own connection, inside its own transaction.

use crate::{delete, error::store_error, ids, insert, savepoint};
use diesel::{QueryResult, SqliteConnection};
use job_core::{
    DraftError, JobId, JobType, NewJob, Options,
    store::{Inserted, StoreError},
};

pub use job_core::AcquiredId;

/// Creates jobs on a plain Diesel connection to the store's file, [prepared](crate::prepare()) once. Implemented for
/// every job type.
///
/// All of it belongs to the caller's transaction, and is undone with it. Without one, each call is its own.
///
/// ```
/// # use job_core::{Attempt, BoxError, RunnableJob};
/// use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
/// use job_store_sqlite::EnqueueOn;
/// # #[derive(serde::Serialize, serde::Deserialize)] struct Greet { name: String }
/// # impl RunnableJob for Greet {
/// #     const TYPE: &'static str = "greet"; type Error = BoxError;
/// #     async fn run(self, _: Attempt) -> Result<(), BoxError> { Ok(()) }
/// # }
///
/// # fn example(conn: &mut SqliteConnection) -> Result<(), BoxError> {
/// conn.immediate_transaction(|conn| {
///     conn.batch_execute("INSERT INTO person (name) VALUES ('Zoë')")?;
///     Greet { name: "Zoë".to_owned() }.create_on(conn)?;
///     Ok::<_, BoxError>(())
/// })
/// # }
/// ```
///
/// Every method takes the file's write lock, also where it only finds an existing job. Diesel's `transaction` begins
/// without it: where it reads before it enqueues and somebody else has written in between, SQLite refuses the lock at
/// once. `immediate_transaction` waits for it at its beginning.
pub trait EnqueueOn<K>: JobType<K> {
    /// Creates the job.
    ///
    /// # Errors
    ///
    /// [`EnqueueError::KeyTaken`] if another job holds its key; see [`acquire_on`](Self::acquire_on).
    fn create_on(&self, conn: &mut SqliteConnection) -> Result<JobId, EnqueueError> {
        self.create_on_with(conn, &Options::default())
    }

    /// Creates the job, with options.
    ///
    /// # Errors
    ///
    /// As [`create_on`](Self::create_on).
    fn create_on_with(&self, conn: &mut SqliteConnection, options: &Options) -> Result<JobId, EnqueueError> {
        match self.acquire_on_with(conn, options)? {
            AcquiredId::Created(id) => Ok(id),
            AcquiredId::Existing(holder) => Err(EnqueueError::KeyTaken { holder }),
        }
    }

    /// Creates the job, or gives the one that holds its key.
    ///
    /// [`Existing`](AcquiredId::Existing) is a promise about the future: the holder, unless it is running already, does
    /// not start before the caller's transaction has ended, and so sees what it commits.
    ///
    /// # Errors
    ///
    /// [`EnqueueError`]
    fn acquire_on(&self, conn: &mut SqliteConnection) -> Result<AcquiredId, EnqueueError> {
        self.acquire_on_with(conn, &Options::default())
    }

    /// Acquires the job, with options for the one that is created.
    ///
    /// # Errors
    ///
    /// As [`acquire_on`](Self::acquire_on).
    fn acquire_on_with(
        &self,
        conn: &mut SqliteConnection,
        options: &Options,
    ) -> Result<AcquiredId, EnqueueError> {
        let draft = self.draft(ids::mint(), options, Some(ids::now()))?;
        let inserted = savepoint::within(conn, |conn| insert::insert_one(conn, &draft, ids::now()))?;
        Ok(acquired_id((&draft, inserted)))
    }

    /// Creates many jobs, and answers for each. Of equal keys the first wins.
    ///
    /// # Errors
    ///
    /// [`EnqueueError::Invalid`] if one of them cannot be stored. On any error none is.
    fn create_many_on<'a>(
        conn: &mut SqliteConnection,
        jobs: impl IntoIterator<Item = &'a Self>,
        options: &Options,
    ) -> Result<Vec<AcquiredId>, EnqueueError> {
        let now = Some(ids::now());
        let drafts: Result<Vec<NewJob>, DraftError> =
            jobs.into_iter().map(|job| job.draft(ids::mint(), options, now)).collect();
        let drafts = drafts?;
        Ok(savepoint::within(conn, |conn| {
            let mut acquired = Vec::with_capacity(drafts.len());
            for drafts in drafts.chunks(CHUNK) {
                let inserted = insert::insert(conn, drafts, ids::now())?;
                acquired.extend(drafts.iter().zip(inserted).map(acquired_id));
            }
            Ok(acquired)
        })?)
    }
}

impl<J, K> EnqueueOn<K> for J where J: JobType<K> {}

/// How many jobs are inserted before their records are let go.
const CHUNK: usize = 1024;

fn acquired_id((draft, inserted): (&NewJob, Inserted)) -> AcquiredId {
    match inserted {
        // Its id is fresh, so a job that has it is this one.
        Inserted::Created(_) | Inserted::IdTaken => AcquiredId::Created(draft.id),
        Inserted::Existing { holder } => AcquiredId::Existing(holder),
    }
}

/// Deletes jobs with their notes, whatever their status, as part of the caller's transaction, and says how many. A
/// running one ends as gone and stops nothing; one that a row of the application refers to stays.
///
/// # Errors
///
/// [`StoreError`]
pub fn delete_on(conn: &mut SqliteConnection, ids: &[JobId]) -> Result<u64, StoreError> {
    let deleted = savepoint::within(conn, |conn| {
        ids.iter().map(|id| delete::delete(conn, *id).map(u64::from)).sum::<QueryResult<u64>>()
    });
    deleted.map_err(store_error)
}

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

/// So that a transaction may fail with this alone.
impl From<diesel::result::Error> for EnqueueError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(store_error(error))
    }
}

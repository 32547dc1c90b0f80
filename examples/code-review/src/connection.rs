//! A connection of the application's own, to whichever of the two databases it has.

use crate::Error;
use diesel::{Connection as _, SqliteConnection};
use diesel_async::{
    AsyncPgConnection, async_connection_wrapper::AsyncConnectionWrapper, pooled_connection::deadpool::Object,
};
use job_core::{AcquiredId, Completed, Completion, JobId, JobType};
use std::fmt;

/// A connection of the pool, for synchronous Diesel: it blocks its thread. Unlike `diesel::PgConnection` it needs no
/// libpq.
pub type PgConnection = AsyncConnectionWrapper<Object<AsyncPgConnection>>;

/// A connection to whichever database the application has.
///
/// Yours has one database, so there its own type of connection stands where this one does. The demo should run
/// without a server too, and shows here how small the difference is.
pub enum Connection<'a> {
    /// To an SQLite file.
    Sqlite(&'a mut SqliteConnection),
    /// To PostgreSQL.
    Postgres(&'a mut PgConnection),
}

/// Runs the same Diesel query on either connection: `on!(conn => query.load(conn))`.
macro_rules! on {
    ($conn:ident => $query:expr) => {
        match $conn {
            $crate::Connection::Sqlite($conn) => {
                let $conn = &mut **$conn;
                $query
            }
            $crate::Connection::Postgres($conn) => {
                let $conn = &mut **$conn;
                $query
            }
        }
    };
}
pub(crate) use on;

impl Connection<'_> {
    /// Does `work` in a transaction.
    ///
    /// # Errors
    ///
    /// What `work` fails with, and what the database says. Then nothing is kept.
    pub fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Connection<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self {
            // Waits for whoever writes at its beginning, where nothing has been read yet that may change.
            Self::Sqlite(conn) => conn.immediate_transaction(|conn| work(&mut Connection::Sqlite(conn))),
            Self::Postgres(conn) => conn.transaction(|conn| work(&mut Connection::Postgres(conn))),
        }
    }

    /// Does `work` and completes the job, in one transaction.
    ///
    /// # Errors
    ///
    /// What `work` fails with, what the database says, and that the attempt has lost its job. Then nothing is kept.
    pub fn complete_in(
        &mut self,
        completion: Completion,
        work: impl FnOnce(&mut Connection<'_>) -> Result<(), Error>,
    ) -> Result<Completed, Error> {
        match self {
            Self::Sqlite(conn) => {
                job_store_sqlite::complete_in(conn, completion, |conn| work(&mut Connection::Sqlite(conn)))
            }
            Self::Postgres(conn) => job_store_pg::sync::complete_in(*conn, completion, |conn| {
                work(&mut Connection::Postgres(conn))
            }),
        }
    }

    /// Acquires the job, as part of the transaction.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub fn acquire<K, J: JobType<K>>(&mut self, job: &J) -> Result<AcquiredId, Error> {
        match self {
            Self::Sqlite(conn) => Ok(job_store_sqlite::EnqueueOn::acquire_on(job, conn)?),
            Self::Postgres(conn) => Ok(job_store_pg::sync::EnqueueOn::acquire_on(job, *conn)?),
        }
    }

    /// Deletes jobs, as part of the transaction, whatever they are doing.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub fn delete_jobs(&mut self, jobs: &[JobId]) -> Result<(), Error> {
        match self {
            Self::Sqlite(conn) => job_store_sqlite::delete_on(conn, jobs)?,
            Self::Postgres(conn) => job_store_pg::sync::Jobs::default().delete_on(*conn, jobs)?,
        };
        Ok(())
    }
}

impl fmt::Debug for Connection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite(_) => "Sqlite",
            Self::Postgres(_) => "Postgres",
        })
    }
}

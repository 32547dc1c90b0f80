//! Completion inside the handler's own transaction: its writes and the job's end commit together, or neither does.

use crate::{SCHEME, change::apply_one, error::store_error, ids};
use diesel::SqliteConnection;
use job_core::{AttemptLost, Completed, Completion, store::StoreError};

/// Completes the job, as the last statement of the handler's own transaction.
///
/// # Errors
///
/// [`CompleteError`]. Then the transaction must roll back: after [`Lost`](CompleteError::Lost) because another runner
/// may do the same work.
pub fn complete_on(conn: &mut SqliteConnection, completion: Completion) -> Result<Completed, CompleteError> {
    let parts = completion.parts();
    if parts.store != SCHEME {
        return Err(CompleteError::OtherStore { claimed_from: parts.store });
    }
    let reply = apply_one(conn, &parts.change(ids::now())?)?;
    if reply.is_applied() { Ok(parts.completed()) } else { Err(parts.lost().into()) }
}

/// Does `work` and completes the job, in one transaction that it begins and commits.
///
/// ```
/// # use diesel::{SqliteConnection, connection::SimpleConnection};
/// # use job_core::{BoxError, Completed, Completion};
/// # fn run(conn: &mut SqliteConnection, completion: Completion) -> Result<Completed, BoxError> {
/// job_store_sqlite::complete_in(conn, completion, |conn| {
///     conn.batch_execute("UPDATE account SET cents = cents - 1")?;
///     Ok(())
/// })
/// # }
/// ```
///
/// # Errors
///
/// What `work` fails with, or a [`CompleteError`] or Diesel's error made into it. Then nothing is kept.
pub fn complete_in<E>(
    conn: &mut SqliteConnection,
    completion: Completion,
    work: impl FnOnce(&mut SqliteConnection) -> Result<(), E>,
) -> Result<Completed, E>
where
    E: From<diesel::result::Error> + From<CompleteError>,
{
    conn.immediate_transaction(|conn| {
        work(conn)?;
        Ok(complete_on(conn, completion)?)
    })
}

/// The job could not be completed; the transaction must roll back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompleteError {
    /// The attempt lost its job.
    #[error(transparent)]
    Lost(#[from] AttemptLost),
    /// The job was claimed from a store of another kind.
    #[error("the job was claimed from a {claimed_from} store; complete it there, not in an SQLite file")]
    OtherStore {
        /// The scheme of that store.
        claimed_from: &'static str,
    },
    /// The store broke.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// So that a transaction may fail with this alone.
impl From<diesel::result::Error> for CompleteError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(store_error(error))
    }
}

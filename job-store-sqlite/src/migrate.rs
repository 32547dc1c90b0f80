//! The tables and their versions.

use crate::{
    error::store_error,
    statement::{Statement, number, statements},
};
use diesel::{QueryResult, SqliteConnection, connection::SimpleConnection};
use job_core::{BoxError, store::StoreError};

/// What brings the tables from each version to the next; the first makes them. None of these is ever edited.
const STEPS: [&str; 1] = [include_str!("sql/schema_1.sql")];

/// The version of the tables that this program expects.
pub(crate) const VERSION: u32 = 1;

const _: () = assert!(STEPS.len() == VERSION as usize, "each version has its step");

statements! {
    HasVersions = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'job_schema'";
    Latest = "SELECT max(version) FROM job_schema";
    Note = "INSERT INTO job_schema (version) VALUES (?1)";
}

const VERSIONS: &str = "CREATE TABLE job_schema (
    -- A row for each version that the tables had; the highest is theirs now.
    version INTEGER PRIMARY KEY,
    since   TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT";

/// Makes the tables in the file of the application's own connection, or brings them to the version that this program
/// expects. Safe when many do it at once.
///
/// # Errors
///
/// [`StoreError::Schema`] if they are of a newer version, or if the file has a table of the same name that is not
/// ours. Nothing was changed then.
pub fn migrate(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    if is_current(conn)? {
        return Ok(());
    }
    let mut refused = None;
    let done: QueryResult<()> = conn.immediate_transaction(|conn| {
        migrate_within(conn).map_err(|error| {
            refused = Some(error);
            diesel::result::Error::RollbackTransaction
        })
    });
    match (done, refused) {
        (_, Some(error)) => Err(error),
        (done, None) => done.map_err(store_error),
    }
}

/// The same in a transaction that may write.
pub(crate) fn migrate_within(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    if is_current(conn)? {
        return Ok(());
    }
    let version = version(conn).map_err(store_error)?;
    let mut step = |from: usize, sql: &str| -> QueryResult<()> {
        if from == 0 {
            conn.batch_execute(VERSIONS)?;
        }
        conn.batch_execute(sql)?;
        Note::run(conn, [i64::try_from(from + 1).unwrap_or(i64::MAX).into()])?;
        Ok(())
    };
    for (from, sql) in STEPS.iter().enumerate().skip(version as usize) {
        step(from, sql).map_err(|error| match store_error(error) {
            StoreError::Schema(source) => StoreError::Schema(Box::new(Taken { source })),
            error => error,
        })?;
    }
    tracing::info!(from = version, to = VERSION, "the job tables are of version {VERSION} now");
    Ok(())
}

/// The version of the tables; 0 if there are none.
pub(crate) fn version(conn: &mut SqliteConnection) -> QueryResult<u32> {
    let versions = HasVersions::one(conn, [], |row| number(row, 0))?;
    if versions != Some(1) {
        return Ok(0);
    }
    let latest = Latest::one(conn, [], |row| number(row, 0))?.unwrap_or_default();
    // Whatever does not fit is no version that we know.
    Ok(u32::try_from(latest).unwrap_or(u32::MAX))
}

/// Whether the tables are as this program expects them.
pub(crate) fn is_current(conn: &mut SqliteConnection) -> Result<bool, StoreError> {
    match version(conn).map_err(store_error)? {
        newer if newer > VERSION => Err(StoreError::Schema(Box::new(Newer { version: newer }))),
        version => Ok(version == VERSION),
    }
}

/// A newer program has migrated the tables.
#[derive(Debug, thiserror::Error)]
#[error(
    "the tables are of version {version}, made by a newer program; this one knows versions up to {VERSION}: \
     update it, or use another file"
)]
struct Newer {
    version: u32,
}

/// The file is shared with somebody whose tables are named as ours.
#[derive(Debug, thiserror::Error)]
#[error("the file has a table of another program where one of ours should be; use another file: {source}")]
struct Taken {
    source: BoxError,
}

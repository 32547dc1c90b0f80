//! Connections: how each is set up, the store's own and the application's.

use crate::{
    error::{Kind, store_error},
    statement::{Statement, statements},
};
use diesel::{
    Connection, QueryResult, SqliteConnection,
    connection::SimpleConnection,
    row::{Field, Row},
};
use job_core::store::StoreError;
use std::{
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

/// How long a connection waits for another one that writes.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

statements! {
    JournalMode = "PRAGMA journal_mode";
}

/// What one of the store's own connections is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// Writes.
    Writer,
    /// Reads only.
    Reader,
}

/// Opens one of the store's own connections. `path` is absolute, so that nothing in it has a meaning to SQLite.
pub(crate) fn open(path: &Path, role: Role) -> Result<SqliteConnection, StoreError> {
    let name = path.to_str().ok_or_else(|| StoreError::Other("the path is not UTF-8".into()))?;
    let mut conn = SqliteConnection::establish(name)
        .map_err(|error| Kind::of_message(&error.to_string()).of_source(error.into()))?;
    prepare(&mut conn)?;
    let own = match role {
        // Room for a batch's pages; a log that grew behind a long read is cut again.
        Role::Writer => {
            "PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;"
        }
        Role::Reader => "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;",
    };
    conn.batch_execute(own).map_err(store_error)?;
    Ok(conn)
}

/// Sets up the application's own connection to the store's file, once, before its first transaction: it waits up to 5 s
/// for whoever writes, its commits are on the disk when they return (WAL, `synchronous=FULL`), and foreign keys hold.
///
/// # Errors
///
/// [`StoreError`] if the file cannot be read or set to WAL.
pub fn prepare(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let settings = format!("PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON;", BUSY.as_millis());
    conn.batch_execute(&settings).map_err(store_error)?;
    use_wal(conn)?;
    // The journal mode decides what FULL means, so it comes first.
    conn.batch_execute("PRAGMA synchronous = FULL;").map_err(store_error)
}

/// Where many open a new file at once, SQLite lets one of them set the mode and refuses the others without waiting.
fn use_wal(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let give_up = Instant::now() + BUSY;
    loop {
        let set = journal_mode(conn).and_then(|mode| match mode.as_str() {
            "wal" => Ok(()),
            _ => conn.batch_execute("PRAGMA journal_mode = WAL"),
        });
        match set {
            Ok(()) => return Ok(()),
            Err(error) if Kind::of(&error) != Kind::Unavailable || Instant::now() > give_up => {
                return Err(store_error(error));
            }
            Err(_) => sleep(Duration::from_millis(5)),
        }
    }
}

/// In lower case.
pub(crate) fn journal_mode(conn: &mut SqliteConnection) -> QueryResult<String> {
    let mode = JournalMode::one(conn, [], |row| {
        row.get(0).and_then(|it| it.value().map(|mut mode| mode.read_text().to_lowercase()))
    })?;
    Ok(mode.flatten().unwrap_or_default())
}

//! The ceiling of SQLite: rusqlite on one connection, prepared statements, a narrow table.

use super::{ceiling::Ceiling, enqueue::Enqueue, no_op::args};
use async_trait::async_trait;
use job_core::{BoxError, Then};
use rusqlite::{Connection, TransactionBehavior, params};
use std::path::Path;
use uuid::Uuid;

/// The pragmas are those of the store, so the disk is waited for alike. Without a due date, an order in a queue, who has a
/// job until when, and when it ended, less would be kept than a job queue has to keep.
const SET_UP: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE job (
        id INTEGER PRIMARY KEY, queue TEXT NOT NULL, args TEXT NOT NULL, rank INTEGER NOT NULL, due INTEGER NOT NULL,
        status INTEGER NOT NULL, attempt INTEGER NOT NULL, holder BLOB, lease INTEGER, finished INTEGER, key TEXT
    ) STRICT;
    CREATE INDEX job_due ON job (queue, rank, due, id) WHERE status = 0;
";
const KEYS: &str = "CREATE UNIQUE INDEX job_key ON job (key)";
const INSERT: &str =
    "INSERT INTO job (queue, args, rank, due, status, attempt, key) VALUES ('default', ?1, 0, ?2, 0, 0, ?3)";
const FETCH: &str = "
    UPDATE job SET status = 1, attempt = attempt + 1, holder = ?3, lease = ?4
    WHERE id IN (
        SELECT id FROM job WHERE status = 0 AND queue = 'default' AND due <= ?2 ORDER BY rank, due, id LIMIT ?1
    )
    RETURNING id, args";
const COMPLETE: &str = "UPDATE job SET status = 2, holder = NULL, lease = NULL, finished = ?2 WHERE id = ?1";
const DELETE: &str = "DELETE FROM job WHERE id = ?1";

/// Any time is as good as another.
const NOW: i64 = 1_800_000_000_000_000;

/// A file of its own.
#[derive(Debug)]
pub(super) struct SqliteCeiling {
    connection: Connection,
}

impl SqliteCeiling {
    /// A new file in `folder`.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(super) fn new(folder: &Path) -> Result<Self, BoxError> {
        let connection = Connection::open(folder.join("ceiling.sqlite3"))?;
        connection.execute_batch(SET_UP)?;
        Ok(Self { connection })
    }
}

#[async_trait]
impl Ceiling for SqliteCeiling {
    async fn insert(&mut self, jobs: u32, how: Enqueue) -> Result<(), BoxError> {
        let (batch, keyed) = (how.batch(), how == Enqueue::Unique);
        if keyed {
            self.connection.execute_batch(KEYS)?;
        }
        let insert = |connection: &Connection, number: u32| {
            let key = keyed.then(|| number.to_string());
            connection.prepare_cached(INSERT)?.execute(params![args(number), NOW, key])
        };
        if batch == 1 {
            // A statement alone is its own transaction.
            for number in 0..jobs {
                insert(&self.connection, number)?;
            }
            return Ok(());
        }
        let mut number = 0;
        while number < jobs {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let end = jobs.min(number + batch);
            for number in number..end {
                insert(&transaction, number)?;
            }
            transaction.commit()?;
            number = end;
        }
        Ok(())
    }

    async fn drain(&mut self, batch: u32, then: Then) -> Result<u32, BoxError> {
        let holder = Uuid::now_v7().into_bytes();
        let mut completed = 0;
        loop {
            let fetched: Vec<(i64, String)> = {
                let mut fetch = self.connection.prepare_cached(FETCH)?;
                let rows = fetch
                    .query_map(params![batch, NOW, holder, NOW], |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.collect::<Result<_, _>>()?
            };
            if fetched.is_empty() {
                return Ok(completed);
            }
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut end =
                    transaction.prepare_cached(if then == Then::Delete { DELETE } else { COMPLETE })?;
                for (id, _) in &fetched {
                    let ended = match then {
                        Then::Delete => end.execute(params![id])?,
                        Then::Keep => end.execute(params![id, NOW])?,
                    };
                    completed += u32::try_from(ended)?;
                }
            }
            transaction.commit()?;
        }
    }
}

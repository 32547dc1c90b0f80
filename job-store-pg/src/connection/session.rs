//! A connection in the hands of one store call.

use crate::{error::CallError, statement::texts::Texts};
use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

/// A connection, and the texts for its schema.
pub(crate) struct Session<'c> {
    /// The connection.
    pub(crate) conn: &'c mut AsyncPgConnection,
    /// The texts.
    pub(crate) texts: &'c Texts,
    /// Whether the call was made before, and may have been done: its reply was lost, or a later statement of it failed.
    pub(crate) again: bool,
}

impl Session<'_> {
    /// Begins a transaction that waits no longer than a tenth of a second for a lock: for one row of a batch, which
    /// somebody may hold for long.
    pub(crate) async fn begin_briefly(&mut self) -> QueryResult<()> {
        self.conn.batch_execute("BEGIN; SET LOCAL lock_timeout = '100ms'").await
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&mut self) -> QueryResult<()> {
        self.conn.batch_execute("BEGIN").await
    }

    /// Commits if `result` is a value, else rolls back, and gives `result`.
    pub(crate) async fn end<T>(&mut self, result: QueryResult<T>) -> Result<T, CallError> {
        self.conn.batch_execute(if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
        Ok(result?)
    }
}

//! A few statements on the application's connection that are done wholly or not at all.

use crate::statement::{Statement, statements};
use diesel::{QueryResult, SqliteConnection};

statements! {
    Save = "SAVEPOINT job_call";
    Release = "RELEASE job_call";
    Undo = "ROLLBACK TO job_call";
}

/// Does `work` within a savepoint of the transaction that is open, whoever began it and how, or in a transaction of its
/// own if none is.
pub(crate) fn within<T>(
    conn: &mut SqliteConnection,
    work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    Save::run(conn, [])?;
    let done = work(conn).and_then(|value| Release::run(conn, []).map(|_| value));
    if done.is_err() {
        // Both fail where SQLite has already given the whole transaction up, and then there is nothing to undo.
        let _: QueryResult<usize> = Undo::run(conn, []).and_then(|_| Release::run(conn, []));
    }
    done
}

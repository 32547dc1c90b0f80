//! Claims: which due jobs may start, and their start, in one transaction of the file's one writer.

use crate::{
    condition::json,
    row::JobReader,
    statement::{Statement, Value, number, statements},
};
use diesel::{
    QueryResult, SqliteConnection,
    row::{Field, Row},
};
use job_core::{
    Timestamp,
    store::{Claim, Claimed},
};
use std::{collections::HashSet, fmt::Write};

statements! {
    Due = include_str!("sql/due.sql");
    Start = include_str!("sql/start.sql"), include_str!("sql/columns.sql");
}

/// Starts what `claim` may start at `now`. In a transaction that may write, so that nobody starts the same jobs, nor
/// a job of the same turn, between the look and the start.
pub(crate) fn claim(conn: &mut SqliteConnection, claim: &Claim, now: Timestamp) -> QueryResult<Claimed> {
    let Some(rowids) = startable(conn, claim, now)? else {
        return Ok(Claimed::default());
    };
    let mut claimed = Claimed::default();
    let mut reader = JobReader::default();
    let binds = [rowids.into(), Value::from(&claim.by), now.into(), (now + claim.lease).into()];
    Start::each(conn, binds, |row| {
        match reader.read_started(row) {
            Ok(job) => claimed.jobs.push(job),
            Err(unreadable) => claimed.unreadable.push(unreadable),
        }
        true
    })?;
    // The order in which RETURNING gives rows is not promised.
    claimed.jobs.sort_unstable_by_key(job_core::Job::place);
    Ok(claimed)
}

/// The rows to start, as a JSON array; `None` if there are none.
fn startable(conn: &mut SqliteConnection, claim: &Claim, now: Timestamp) -> QueryResult<Option<String>> {
    let (mut rowids, mut left) = (String::new(), claim.limit.get());
    let mut turns: HashSet<String> = HashSet::new();
    let types = json(claim.types.iter().map(|it| it.as_str()));
    let binds = [claim.queue.as_str().into(), claim.due_at(now).into(), types];
    Due::each(conn, binds, |row| {
        let turn = row.get(1).and_then(|it| it.value().map(|mut turn| turn.read_text().to_owned()));
        if turn.is_none_or(|turn| turns.insert(turn)) {
            left -= 1;
            let separator = if rowids.is_empty() { '[' } else { ',' };
            // Writing to a String cannot fail.
            let _ = write!(rowids, "{separator}{}", number(row, 0));
        }
        left > 0
    })?;
    Ok((!rowids.is_empty()).then(|| rowids + "]"))
}

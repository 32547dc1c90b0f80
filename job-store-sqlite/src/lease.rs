//! Leases: extended, and looked through for those that have ended.

use crate::{
    fields::Fields,
    row::JobReader,
    statement::{Statement, Value, number, statements},
};
use diesel::{QueryResult, SqliteConnection, result::Error};
use job_core::{
    Job, JobId, Timestamp,
    store::{Held, Renewed, Unreadable},
};
use std::num::NonZeroU32;

/// The most unreadable rows that are named.
const UNREADABLE_MOST: usize = 10;

statements! {
    Renew = include_str!("sql/renew.sql");
    Lapsed = include_str!("sql/lapsed.sql");
    /// One of them, if it still is.
    LapsedRow = "SELECT ", include_str!("sql/columns.sql"), "FROM job WHERE rowid = ?1 AND status = 1 AND lease_expires <= ?2";
}

/// Extends leases to `expires`, and answers for each. In a transaction that may write.
pub(crate) fn renew(
    conn: &mut SqliteConnection,
    held: &[Held],
    expires: Timestamp,
) -> QueryResult<Vec<Renewed>> {
    held.iter().map(|it| renew_one(conn, it, expires)).collect()
}

fn renew_one(conn: &mut SqliteConnection, held: &Held, expires: Timestamp) -> QueryResult<Renewed> {
    let progress = held.progress.as_ref().map(serde_json::to_string).transpose();
    let binds = [
        Value::from(&held.id),
        held.revision.number().into(),
        expires.into(),
        progress.map_err(|error| Error::SerializationError(error.into()))?.into(),
    ];
    let until = Renew::one(conn, binds, |row| Fields::of(row).time())?;
    Ok(until.flatten().map_or(Renewed::Lost, Renewed::Until))
}

/// The jobs that run past their lease at `now`, by id, from after `after`.
pub(crate) fn lapsed(
    conn: &mut SqliteConnection,
    after: Option<JobId>,
    limit: NonZeroU32,
    now: Timestamp,
) -> QueryResult<Vec<Job>> {
    let mut jobs = Vec::new();
    each_lapsed(conn, after, now, |row| {
        jobs.extend(row);
        jobs.len() < limit.get() as usize
    })?;
    Ok(jobs)
}

/// The rows that should be among [`lapsed`] and are not readable.
pub(crate) fn unreadable_lapsed(conn: &mut SqliteConnection, now: Timestamp) -> QueryResult<Vec<Unreadable>> {
    let mut rows = Vec::new();
    each_lapsed(conn, None, now, |row| {
        rows.extend(row.err());
        rows.len() < UNREADABLE_MOST
    })?;
    Ok(rows)
}

/// Gives each to `read`, by id, for as long as that gives true.
fn each_lapsed(
    conn: &mut SqliteConnection,
    after: Option<JobId>,
    now: Timestamp,
    mut read: impl FnMut(Result<Job, Unreadable>) -> bool,
) -> QueryResult<()> {
    let mut lapsed = Vec::new();
    let after = after.unwrap_or(*JobId::BOUNDS.start());
    Lapsed::each(conn, [after.into(), now.into()], |row| {
        lapsed.push((Fields::of(row).job_id(), number(row, 1)));
        true
    })?;
    lapsed.sort_unstable();
    let mut reader = JobReader::default();
    for (_, rowid) in lapsed {
        let row = LapsedRow::one(conn, [rowid.into(), now.into()], |row| reader.read(row))?;
        if !row.is_none_or(&mut read) {
            break;
        }
    }
    Ok(())
}

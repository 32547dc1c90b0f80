//! Leases: extended, and looked through for those that have ended.

use crate::{
    fields::Fields,
    row::JobReader,
    statement::{Statement, Value, statements},
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
    Lapsed = "SELECT ", include_str!("sql/columns.sql"), include_str!("sql/lapsed.sql");
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
    let mut reader = JobReader::default();
    let after = after.unwrap_or(*JobId::BOUNDS.start());
    Lapsed::each(conn, [after.into(), now.into()], |row| {
        jobs.extend(reader.read(row));
        jobs.len() < limit.get() as usize
    })?;
    Ok(jobs)
}

/// The rows that should be among [`lapsed`] and are not readable.
pub(crate) fn unreadable_lapsed(conn: &mut SqliteConnection, now: Timestamp) -> QueryResult<Vec<Unreadable>> {
    let mut rows = Vec::new();
    let mut reader = JobReader::default();
    let first = *JobId::BOUNDS.start();
    Lapsed::each(conn, [first.into(), now.into()], |row| {
        rows.extend(reader.read(row).err());
        rows.len() < UNREADABLE_MOST
    })?;
    Ok(rows)
}

//! Claims: which due jobs may start, and their start, in one transaction of the file's one writer.

use crate::{
    condition::json,
    fields::Fields,
    row::{JobReader, TURN, WAITING},
    statement::{Statement, Value, number, statements},
};
use diesel::{QueryResult, SqliteConnection};
use job_core::{
    Job, Lease, Timestamp,
    store::{Claim, Claimed},
};
use std::collections::HashSet;

statements! {
    Due = "SELECT ", include_str!("sql/waiting.sql"), include_str!("sql/due.sql");
    Start = include_str!("sql/start.sql"), "WHERE rowid IN (SELECT value FROM json_each(?1))";
    /// The same for rows that follow one another.
    StartRun = include_str!("sql/start.sql"), "WHERE rowid BETWEEN ?1 AND ?5";
    ByRow = "SELECT ", include_str!("sql/columns.sql"), "FROM job WHERE rowid = ?1";
}

/// From how many rows on a run of them is worth a statement of its own.
const RUN_LEAST: usize = 16;

/// Starts what `claim` may start at `now`. In a transaction that may write, so that nobody starts the same jobs, nor
/// a job of the same turn, between the look and the start.
pub(crate) fn claim(conn: &mut SqliteConnection, claim: &Claim, now: Timestamp) -> QueryResult<Claimed> {
    let (mut waiting, mut unreadable, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    let mut turns = HashSet::new();
    let mut reader = JobReader::default();
    let types = json(claim.types.iter().map(|it| it.as_str()));
    let binds = [claim.queue.as_str().into(), claim.due_at(now).into(), types];
    Due::each(conn, binds, |row| {
        if Fields::at(row, TURN).text().is_none_or(|turn| turns.insert(turn)) {
            let rowid = number(row, WAITING);
            rows.push(rowid);
            match reader.read_waiting(row, &claim.queue) {
                Ok(job) => waiting.push(job),
                Err(_) => unreadable.push(rowid),
            }
        }
        rows.len() < claim.limit.get() as usize
    })?;
    if rows.is_empty() {
        return Ok(Claimed::default());
    }

    let lease = Lease { holder: claim.by, expires: now + claim.lease, progress: None };
    start(conn, rows, &lease, now)?;
    let mut claimed = Claimed::default();
    for job in waiting {
        // Due rows start: refused is only what no claim asks for.
        claimed.jobs.extend(job.start(lease.clone(), now).map(|state| Job { state, ..job }));
    }
    for rowid in unreadable {
        let row = ByRow::one(conn, [rowid.into()], |row| reader.read_started(row))?;
        claimed.unreadable.extend(row.and_then(Result::err));
    }
    Ok(claimed)
}

/// Starts rows. What was inserted together is mostly claimed together, and then its rows are found without a search
/// for each.
fn start(conn: &mut SqliteConnection, mut rows: Vec<i64>, lease: &Lease, now: Timestamp) -> QueryResult<()> {
    let (holder, now, expires) = (Value::from(&lease.holder), Value::from(now), Value::from(lease.expires));
    let mut strays: Vec<i64> = Vec::new();
    rows.sort_unstable();
    for run in rows.chunk_by(|row, next| row + 1 == *next) {
        match run {
            [first, .., last] if run.len() >= RUN_LEAST => {
                let binds = [(*first).into(), holder.clone(), now.clone(), expires.clone(), (*last).into()];
                StartRun::run(conn, binds)?;
            }
            run => strays.extend(run),
        }
    }
    if !strays.is_empty() {
        Start::run(conn, [json(strays), holder, now, expires])?;
    }
    Ok(())
}

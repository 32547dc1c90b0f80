//! Claims: which due jobs may start, and their start, in one transaction of the file's one writer.

use crate::{
    condition::json,
    fields::Fields,
    row::{COLUMNS, JobReader, TURN},
    statement::{Statement, Value, number, statements},
};
use diesel::{QueryResult, SqliteConnection};
use job_core::{
    Job, Lease, Timestamp,
    store::{Claim, Claimed},
};
use std::collections::HashSet;

statements! {
    Due = "SELECT ", include_str!("sql/columns.sql"), include_str!("sql/due.sql");
    Start = include_str!("sql/start.sql");
    ByRow = "SELECT ", include_str!("sql/columns.sql"), "FROM job WHERE rowid = ?1";
}

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
            let rowid = number(row, COLUMNS);
            rows.push(rowid);
            match reader.read(row) {
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
    Start::run(conn, [json(rows), Value::from(&claim.by), now.into(), lease.expires.into()])?;
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

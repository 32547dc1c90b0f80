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

macro_rules! rows {
    () => {
        "WHERE rowid IN (SELECT value FROM json_each(?1))"
    };
}

/// What a claim reads of a row.
macro_rules! due {
    () => {
        concat!("SELECT ", include_str!("sql/waiting.sql"), include_str!("sql/due.sql"))
    };
}

/// Rows that follow one another.
macro_rules! run {
    () => {
        "WHERE rowid BETWEEN ?1 AND ?5"
    };
}

statements! {
    Due = include_str!("sql/step.sql"),
        due!(), include_str!("sql/of_step.sql"), include_str!("sql/startable.sql"),
        "UNION ALL ", due!(), include_str!("sql/behind_steps.sql"), include_str!("sql/startable.sql");
    Start = include_str!("sql/start.sql"), rows!();
    StartKeyed = include_str!("sql/start.sql"), include_str!("sql/start_keyed.sql"), rows!();
    StartRun = include_str!("sql/start.sql"), run!();
    StartKeyedRun = include_str!("sql/start.sql"), include_str!("sql/start_keyed.sql"), run!();
    ByRow = "SELECT ", include_str!("sql/columns.sql"), "FROM job WHERE rowid = ?1";
}

/// From how many rows on a run of them is worth a statement of its own.
const RUN_LEAST: usize = 16;

/// The positions of what stands after the columns of `sql/waiting.sql`.
const PLAIN: usize = WAITING;
const ROWID: usize = WAITING + 1;

/// A row that starts.
struct Row {
    rowid: i64,
    /// Whether it may have a unique key or a turn.
    is_keyed: bool,
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
        let is_plain = number(row, PLAIN) != 0;
        if is_plain || Fields::at(row, TURN).text().is_none_or(|turn| turns.insert(turn)) {
            let rowid = number(row, ROWID);
            match reader.read_waiting(row, &claim.queue, is_plain) {
                Ok(job) => {
                    rows.push(Row { rowid, is_keyed: job.spec.unique.is_some() || job.spec.turn.is_some() });
                    waiting.push(job);
                }
                Err(_) => {
                    rows.push(Row { rowid, is_keyed: true });
                    unreadable.push(rowid);
                }
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
fn start(conn: &mut SqliteConnection, mut rows: Vec<Row>, lease: &Lease, now: Timestamp) -> QueryResult<()> {
    let then = || [Value::from(&lease.holder), now.into(), lease.expires.into()];
    let mut strays: [Vec<i64>; 2] = [Vec::new(), Vec::new()];
    rows.sort_unstable_by_key(|row| row.rowid);
    for run in rows.chunk_by(|row, next| row.rowid + 1 == next.rowid && row.is_keyed == next.is_keyed) {
        match run {
            [first, .., last] if run.len() >= RUN_LEAST => {
                let [holder, now, expires] = then();
                let binds = [first.rowid.into(), holder, now, expires, last.rowid.into()];
                if first.is_keyed {
                    StartKeyedRun::run(conn, binds)?
                } else {
                    StartRun::run(conn, binds)?
                };
            }
            run => strays[usize::from(run[0].is_keyed)].extend(run.iter().map(|row| row.rowid)),
        }
    }
    for (is_keyed, strays) in [false, true].into_iter().zip(strays) {
        if !strays.is_empty() {
            let [holder, now, expires] = then();
            let binds = [json(strays), holder, now, expires];
            if is_keyed {
                StartKeyed::run(conn, binds)?
            } else {
                Start::run(conn, binds)?
            };
        }
    }
    Ok(())
}

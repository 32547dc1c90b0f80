//! Inserts, row by row: what is in the way is looked up only when something is.

use crate::{
    fields::Fields,
    row::JobReader,
    statement::{Statement, Value, statements},
};
use diesel::{QueryResult, SqliteConnection, result::Error};
use job_core::{
    Job, JobId, NewJob, Tag, Timestamp,
    store::{Inserted, Unreadable},
};

macro_rules! row {
    () => {
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, 0, ?, ?, 0)"
    };
}

statements! {
    Insert = include_str!("sql/insert.sql"), row!(), " ON CONFLICT DO NOTHING";
    InsertMany = include_str!("sql/insert.sql"), row!(), ",", row!(), ",", row!(), ",", row!(), ",", row!(), ",",
        row!(), ",", row!(), ",", row!(), " ON CONFLICT DO NOTHING";
    Get = "SELECT ", include_str!("sql/columns.sql"), "FROM job WHERE id = ?1";
    Holder = include_str!("sql/holder.sql");
}

/// How many rows one [`InsertMany`] inserts.
const MANY: usize = 8;

/// How many binds a row has.
const BINDS: usize = 15;

/// Inserts jobs and answers for each. In a transaction that may write; outside of one each row is its own.
pub(crate) fn insert(
    conn: &mut SqliteConnection,
    jobs: &[NewJob],
    now: Timestamp,
) -> QueryResult<Vec<Inserted>> {
    let mut answers = Vec::with_capacity(jobs.len());
    let (chunks, rest) = jobs.as_chunks::<MANY>();
    for new in chunks {
        let jobs = new.each_ref().map(|new| new.created(now));
        let mut binds = [const { Value::Null }; BINDS * MANY];
        for (binds, job) in binds.as_chunks_mut::<BINDS>().0.iter_mut().zip(&jobs) {
            *binds = row(job)?;
        }
        if InsertMany::run(conn, binds)? == MANY {
            answers.extend(jobs.into_iter().map(Inserted::Created));
        } else {
            for new in new {
                answers.push(in_the_way(conn, new)?);
            }
        }
    }
    for new in rest {
        answers.push(insert_one(conn, new, now)?);
    }
    Ok(answers)
}

/// Inserts one job.
pub(crate) fn insert_one(conn: &mut SqliteConnection, new: &NewJob, now: Timestamp) -> QueryResult<Inserted> {
    let job = new.created(now);
    if Insert::run(conn, row(&job)?)? == 1 { Ok(Inserted::Created(job)) } else { in_the_way(conn, new) }
}

fn row(Job { id, spec, state }: &Job) -> QueryResult<[Value<'_>; BINDS]> {
    let unique = spec.unique.as_ref();
    Ok([
        id.into(),
        spec.type_name.as_str().into(),
        spec.args.as_str().into(),
        (-i64::from(spec.priority)).into(),
        spec.target.as_ref().map(|it| it.as_str()).into(),
        tags(spec.tags.as_slice())?,
        unique.map(|it| it.key.as_str()).into(),
        unique.map(|it| i64::from(it.scope.number())).into(),
        spec.turn.as_ref().map(|it| it.as_str()).into(),
        i64::from(spec.max_retries).into(),
        spec.requester.as_ref().map(|it| it.as_str()).into(),
        spec.date_created.into(),
        state.queue().as_str().into(),
        state.scheduled_start().into(),
        state.held_key().map(|it| it.as_str()).into(),
    ])
}

fn in_the_way(conn: &mut SqliteConnection, new: &NewJob) -> QueryResult<Inserted> {
    match get(conn, new.id)? {
        Some(Ok(job)) if new.made(&job) => return Ok(Inserted::Created(job)),
        Some(_) => return Ok(Inserted::IdTaken),
        None => {}
    }
    let key = new.unique.as_ref().map(|it| it.key.as_str());
    let holder =
        Holder::one(conn, [new.type_name.as_str().into(), key.into()], |row| Fields::of(row).job_id())?;
    match holder.flatten() {
        Some(holder) => Ok(Inserted::Existing { holder }),
        // Nobody else writes between the two statements of one transaction.
        None => Err(Error::NotFound),
    }
}

fn tags(tags: &[Tag]) -> QueryResult<Value<'static>> {
    if tags.is_empty() {
        return Ok(Value::Null);
    }
    let json = serde_json::to_string(tags).map_err(|error| Error::SerializationError(error.into()))?;
    Ok(json.into())
}

/// The job with this id, or what can be told of it.
pub(crate) fn get(conn: &mut SqliteConnection, id: JobId) -> QueryResult<Option<Result<Job, Unreadable>>> {
    Get::one(conn, [Value::from(&id)], |row| JobReader::default().read(row))
}

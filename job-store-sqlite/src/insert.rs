//! Inserts: what is in the way is looked up only when something is.

use crate::{
    fields::Fields,
    row::JobReader,
    statement::{EIGHT, Statement, Value, eight, statements, together},
};
use diesel::{QueryResult, SqliteConnection, result::Error};
use job_core::{
    Job, JobId, NewJob, Tag, Timestamp,
    store::{Inserted, Unreadable},
};

/// A row of `sql/insert.sql`, with its plain columns first.
macro_rules! row {
    () => {
        "(?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?)"
    };
}

/// A row of `sql/insert_common.sql`.
macro_rules! common_row {
    () => {
        "(?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?)"
    };
}

statements! {
    Insert = include_str!("sql/insert.sql"), row!(), "ON CONFLICT DO NOTHING";
    InsertEight = include_str!("sql/insert.sql"), eight!(row!()), "ON CONFLICT DO NOTHING";
    /// Each bind costs, so jobs that are like most do without the others' parts.
    InsertCommon = include_str!("sql/insert_common.sql"), common_row!(), "ON CONFLICT DO NOTHING";
    InsertEightCommon = include_str!("sql/insert_common.sql"), eight!(common_row!()), "ON CONFLICT DO NOTHING";
    Get = "SELECT ", include_str!("sql/columns.sql"), "FROM job WHERE id = ?1";
    Holder = include_str!("sql/holder.sql");
}

/// How many binds a row has: those that every job has, and the others.
const COMMON: usize = 9;
const SELDOM: usize = 7;

/// Inserts jobs and answers for each. In a transaction that may write.
pub(crate) fn insert(
    conn: &mut SqliteConnection,
    jobs: &[NewJob],
    now: Timestamp,
) -> QueryResult<Vec<Inserted>> {
    let mut answers = Vec::with_capacity(jobs.len());
    let (eights, rest) = jobs.as_chunks::<EIGHT>();
    for new in eights {
        let jobs = new.each_ref().map(|new| new.created(now));
        if insert_eight(conn, &jobs)? {
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
    let others = seldom(&job)?;
    let inserted = if are_none(&others) {
        InsertCommon::run(conn, common(&job))?
    } else {
        let binds = common(&job).into_iter().chain(others);
        Insert::run(conn, together::<{ COMMON + SELDOM }>(binds))?
    };
    if inserted == 1 { Ok(Inserted::Created(job)) } else { in_the_way(conn, new) }
}

/// Whether nothing was in the way of any of them. If something was, the others are inserted.
fn insert_eight(conn: &mut SqliteConnection, jobs: &[Job; EIGHT]) -> QueryResult<bool> {
    let mut others = Vec::with_capacity(EIGHT);
    for job in jobs {
        others.push(seldom(job)?);
    }
    let inserted = if are_none(others.as_flattened()) {
        let binds = together::<{ EIGHT * COMMON }>(jobs.iter().flat_map(common));
        InsertEightCommon::run(conn, binds)?
    } else {
        let rows = jobs.iter().zip(others).flat_map(|(job, others)| common(job).into_iter().chain(others));
        InsertEight::run(conn, together::<{ EIGHT * (COMMON + SELDOM) }>(rows))?
    };
    Ok(inserted == EIGHT)
}

fn common(Job { id, spec, state }: &Job) -> [Value<'_>; COMMON] {
    [
        id.into(),
        spec.type_name.as_str().into(),
        spec.args.as_str().into(),
        (-i64::from(spec.priority)).into(),
        i64::from(spec.max_retries).into(),
        spec.date_created.into(),
        state.queue().as_str().into(),
        state.scheduled_start().into(),
        state.revision().number().into(),
    ]
}

fn seldom(Job { spec, state, .. }: &Job) -> QueryResult<[Value<'_>; SELDOM]> {
    let unique = spec.unique.as_ref();
    Ok([
        spec.target.as_ref().map(|it| it.as_str()).into(),
        tags(&spec.tags)?,
        unique.map(|it| it.key.as_str()).into(),
        unique.map(|it| i64::from(it.scope.number())).into(),
        spec.turn.as_ref().map(|it| it.as_str()).into(),
        spec.requester.as_ref().map(|it| it.as_str()).into(),
        state.held_key().map(|it| it.as_str()).into(),
    ])
}

fn are_none(parts: &[Value<'_>]) -> bool {
    parts.iter().all(|it| matches!(it, Value::Null))
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

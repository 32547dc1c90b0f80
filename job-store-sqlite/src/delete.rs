//! Deletion: rows go with their notes, but not those that a row of the application refers to.

use crate::{
    condition::json,
    error::is_foreign_key_violation,
    fields::Fields,
    statement::{SqliteRow, Statement, Value, statements},
};
use diesel::{QueryResult, SqliteConnection};
use job_core::{JobId, JobStatus, Timestamp, TypeName};
use std::num::NonZeroU32;

statements! {
    Delete = "DELETE FROM job WHERE id = ?1";
    DeleteFinished = "DELETE FROM job WHERE id = ?1 AND date_finished < ?2";
    Finished = include_str!("sql/finished.sql");
    FinishedButNewest = include_str!("sql/finished_but_newest.sql");
}

/// Old final jobs: a [`Deletion::Final`](job_core::store::Deletion::Final) without its limit.
#[derive(Clone, Debug)]
pub(crate) struct Old {
    pub(crate) before: Timestamp,
    pub(crate) statuses: Vec<JobStatus>,
    pub(crate) types: Option<Vec<TypeName>>,
    pub(crate) keep_newest: Option<NonZeroU32>,
}

/// Deletes the job, with its notes, whatever its status. False if it was gone, and if it has to stay.
pub(crate) fn delete(conn: &mut SqliteConnection, id: JobId) -> QueryResult<bool> {
    unless_referred_to(id, Delete::run(conn, [Value::from(&id)]))
}

/// Deletes those that are still final and ended before `before`, and says how many.
pub(crate) fn delete_finished(
    conn: &mut SqliteConnection,
    ids: &[JobId],
    before: Timestamp,
) -> QueryResult<u64> {
    let mut deleted = 0;
    for id in ids {
        let removed = DeleteFinished::run(conn, [id.into(), before.into()]);
        deleted += u64::from(unless_referred_to(*id, removed)?);
    }
    Ok(deleted)
}

/// Up to `limit` jobs to delete, the oldest ids first, from after `after`.
pub(crate) fn finished(
    conn: &mut SqliteConnection,
    old: &Old,
    after: Option<JobId>,
    limit: u64,
) -> QueryResult<Vec<JobId>> {
    let statuses = old.statuses.iter().filter(|it| it.is_final()).map(|it| it.number());
    let binds = [
        after.unwrap_or(*JobId::BOUNDS.start()).into(),
        old.before.into(),
        json(statuses),
        old.types.as_ref().map(|it| json(it.iter().map(|it| it.as_str()))).into(),
        i64::try_from(limit).unwrap_or(i64::MAX).into(),
    ];
    let mut ids = Vec::new();
    let read = |row: &SqliteRow<'_, '_>| {
        ids.extend(Fields::of(row).job_id());
        true
    };
    match old.keep_newest {
        None => Finished::each(conn, binds, read)?,
        Some(keep) => {
            let [after, before, statuses, types, limit] = binds;
            let binds = [after, before, statuses, types, limit, i64::from(keep.get()).into()];
            FinishedButNewest::each(conn, binds, read)?;
        }
    }
    Ok(ids)
}

fn unless_referred_to(id: JobId, removed: QueryResult<usize>) -> QueryResult<bool> {
    match removed {
        Err(error) if is_foreign_key_violation(&error) => {
            tracing::warn!(job.id = %id, "job {id} is not deleted: a row of the application refers to it");
            Ok(false)
        }
        removed => removed.map(|rows| rows == 1),
    }
}

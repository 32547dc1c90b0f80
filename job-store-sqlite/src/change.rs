//! Changes: compare and set. Decides nothing but what the core's `Change` leaves to a store.

use crate::{
    batch,
    delete::delete,
    error::{is_foreign_key_violation, is_unique_violation},
    fields::Fields,
    insert,
    notes::append,
    statement::{Statement, Value, statements, together},
};
use diesel::{QueryResult, SqliteConnection, result::Error};
use job_core::{Change, JobState, JobStatus, Reply, Then};
use std::collections::HashSet;

statements! {
    Set = include_str!("sql/change.sql"), include_str!("sql/change_seldom.sql");
    /// The same without what few states have, as for a job that completed: each bind costs.
    SetBare = include_str!("sql/change.sql"), include_str!("sql/change_bare.sql"), "WHERE id = ?1 AND revision = ?2";
    Remove = include_str!("sql/remove.sql");
    OtherHolder = include_str!("sql/other_holder.sql");
}

/// Applies changes, those that take a key after the others, each alone. In a transaction that may write; one that is `bold`
/// may fail where another does not, and applies those that are alike together.
pub(crate) fn apply(conn: &mut SqliteConnection, changes: &[Change], bold: bool) -> QueryResult<Vec<Reply>> {
    let mut replies = vec![Reply::Stale; changes.len()];
    // Those of one claim are mostly sorted, and then no two are of one job.
    let mut open: Vec<bool> = if changes.is_sorted_by(|one, next| one.id < next.id) {
        vec![true; changes.len()]
    } else {
        let mut seen = HashSet::with_capacity(changes.len());
        changes.iter().map(|it| seen.insert(it.id)).collect()
    };
    if bold {
        for at in batch::apply(conn, changes, &open)? {
            (replies[at], open[at]) = (Reply::Applied, false);
        }
    }
    for takes_key in [false, true] {
        for ((change, reply), open) in changes.iter().zip(&mut replies).zip(&open) {
            if *open && change.takes_key == takes_key {
                *reply = apply_one(conn, change)?;
            }
        }
    }
    Ok(replies)
}

/// Applies one change.
pub(crate) fn apply_one(conn: &mut SqliteConnection, change: &Change) -> QueryResult<Reply> {
    let deletes = change.then == Then::Delete;
    // A key is taken by writing it, also by a row that does not stay.
    let at_once = deletes && !change.takes_key;
    match if at_once { remove(conn, change) } else { set(conn, change, &change.next) } {
        Ok(true) => {
            append(conn, change.note.as_slice())?;
            if deletes && !at_once {
                delete(conn, change.id)?;
            }
            Ok(Reply::Applied)
        }
        Ok(false) => late(conn, change),
        Err(error) if is_unique_violation(&error) => taken(conn, change),
        Err(error) => Err(error),
    }
}

/// Whether the change fitted, and `next` is written.
fn set(conn: &mut SqliteConnection, change: &Change, next: &JobState) -> QueryResult<bool> {
    let changed_by = next.changed_by();
    let common: [Value<'_>; 10] = [
        Value::from(&change.id),
        change.expected.number().into(),
        i64::from(next.status().number()).into(),
        next.queue().as_str().into(),
        i64::from(next.attempt_count()).into(),
        i64::from(next.crash_count()).into(),
        next.scheduled_start().into(),
        next.date_started().into(),
        next.date_finished().into(),
        changed_by.as_ref().into(),
    ];
    if is_bare(change, next) {
        return Ok(SetBare::run(conn, common)? == 1);
    }
    let lease = next.lease();
    let progress = lease.and_then(|it| it.progress.as_ref()).map(serde_json::to_string).transpose();
    let seldom: [Value<'_>; 9] = [
        change.lapsed_by.into(),
        lease.map(|it| &it.holder).into(),
        lease.map(|it| it.expires).into(),
        progress.map_err(|error| Error::SerializationError(error.into()))?.into(),
        next.last_error().map(|it| it.as_str()).into(),
        next.reason().map(|it| it.as_str()).into(),
        next.held_key().map(|it| it.as_str()).into(),
        next.running_key().map(|it| it.as_str()).into(),
        next.superseded_by().into(),
    ];
    let written = Set::run(conn, together::<19>(common.into_iter().chain(seldom)))?;
    Ok(written == 1)
}

/// Whether the change has nothing but what every one has, with `next` as the next state: so have those of jobs that
/// complete.
pub(crate) fn is_bare(change: &Change, next: &JobState) -> bool {
    let Change { lapsed_by: None, takes_key: false, note: None, .. } = change else { return false };
    let keys = next.held_key().is_some() || next.running_key().is_some();
    let words = next.last_error().is_some() || next.reason().is_some();
    !keys && !words && next.lease().is_none() && next.superseded_by().is_none()
}

/// Whether the change fitted, and the row is gone. A job that a row of the application refers to stays, as history:
/// the application wants it, and the change must not fail for that.
fn remove(conn: &mut SqliteConnection, change: &Change) -> QueryResult<bool> {
    let guards = [Value::from(&change.id), change.expected.number().into(), change.lapsed_by.into()];
    match Remove::run(conn, guards) {
        Ok(removed) => Ok(removed == 1),
        Err(error) if is_foreign_key_violation(&error) => set(conn, change, &change.next),
        Err(error) => Err(error),
    }
}

/// The change did not fit.
fn late(conn: &mut SqliteConnection, change: &Change) -> QueryResult<Reply> {
    Ok(match insert::get(conn, change.id)? {
        None => Reply::Gone,
        Some(Ok(job)) => change.late_reply(&job.state),
        Some(Err(row)) => row.state.map_or(Reply::Stale, |it| change.late_reply(&it.1)),
    })
}

/// The change fitted, but another job holds what its next state wants to hold.
fn taken(conn: &mut SqliteConnection, change: &Change) -> QueryResult<Reply> {
    let key = change.next.held_key().map(|it| it.as_str());
    let holder =
        OtherHolder::one(conn, [Value::from(&change.id), key.into()], |row| Fields::of(row).job_id())?;
    let Some(holder) = holder.flatten() else {
        // Its turn, then, which no verb but start takes.
        return Ok(Reply::Busy);
    };
    let Some(state) = change.if_taken.superseded_by(holder) else {
        return Ok(Reply::KeyTaken { holder });
    };
    if set(conn, change, &state)? {
        append(conn, change.note.as_slice())?;
    }
    Ok(Reply::Superseded { by: holder })
}

/// The changed jobs that wait again.
pub(crate) fn waiting<'a>(changes: &'a [Change], replies: &'a [Reply]) -> impl Iterator<Item = &'a JobState> {
    let applied = changes.iter().zip(replies).filter(|(_, reply)| **reply == Reply::Applied);
    applied.map(|(change, _)| &change.next).filter(|it| it.status() == JobStatus::Waiting)
}

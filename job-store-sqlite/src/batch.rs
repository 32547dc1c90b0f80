//! Changes that are alike, eight in a statement: a statement costs as much as the change of a row.

use crate::{
    change::is_bare,
    statement::{EIGHT, Statement, Value, eight, statements, together},
};
use diesel::{QueryResult, SqliteConnection, result::Error};
use job_core::{Change, Then};

statements! {
    // The plus: else SQLite may walk all jobs, and look each up among the eight.
    SetEight = include_str!("sql/change_eight.sql"), include_str!("sql/change_bare.sql"),
        "FROM (VALUES ", eight!("(?, ?, ?, ?, ?)"), ") AS new
         WHERE job.id = +new.column1 AND job.revision = new.column2";
}

/// How many binds eight changes have alike, and each of its own.
const ALIKE: usize = 5;
const OWN: usize = 5;

/// Applies those of `changes` that come in eights, such as those of a runner whose jobs complete, and says which they
/// were. `meant` says which changes are asked for.
///
/// # Errors
///
/// [`Error::RollbackTransaction`] if one of them does not fit: a count of rows does not tell which, so all is to be undone
/// and done again one by one.
pub(crate) fn apply(
    conn: &mut SqliteConnection,
    changes: &[Change],
    meant: &[bool],
) -> QueryResult<Vec<usize>> {
    let is_bare = |at: &usize| {
        let change = &changes[*at];
        meant[*at] && change.then == Then::Keep && is_bare(change, &change.next)
    };
    let bare: Vec<usize> = (0..changes.len()).filter(is_bare).collect();
    let runs = bare.chunk_by(|one, next| are_alike(&changes[*one], &changes[*next]));
    let eights: Vec<[usize; EIGHT]> = runs.flat_map(|run| run.as_chunks().0).copied().collect();
    for eight in &eights {
        if apply_eight(conn, eight.map(|at| &changes[at]))? != EIGHT {
            return Err(Error::RollbackTransaction);
        }
    }
    Ok(eights.into_flattened())
}

fn are_alike(one: &Change, next: &Change) -> bool {
    let alike = |it: &Change| (it.by, it.next.status(), it.next.attempt_count(), it.next.crash_count());
    alike(one) == alike(next) && one.next.queue() == next.next.queue()
}

/// How many of them fitted.
fn apply_eight(conn: &mut SqliteConnection, changes: [&Change; EIGHT]) -> QueryResult<usize> {
    let next = &changes[0].next;
    let changed_by = next.changed_by();
    let alike: [Value<'_>; ALIKE] = [
        i64::from(next.status().number()).into(),
        next.queue().as_str().into(),
        i64::from(next.attempt_count()).into(),
        i64::from(next.crash_count()).into(),
        changed_by.as_ref().into(),
    ];
    let own = changes.iter().flat_map(|Change { id, expected, next, .. }| -> [Value<'_>; OWN] {
        [
            id.into(),
            expected.number().into(),
            next.scheduled_start().into(),
            next.date_started().into(),
            next.date_finished().into(),
        ]
    });
    SetEight::run(conn, together::<{ ALIKE + EIGHT * OWN }>(alike.into_iter().chain(own)))
}

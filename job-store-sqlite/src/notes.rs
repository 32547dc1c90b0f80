//! Notes: appended, and read from the newest back.

use crate::{
    condition::Condition,
    fields::Fields,
    statement::{Composed, SqliteRow, Statement, Value, statements},
};
use diesel::{QueryResult, SqliteConnection};
use job_core::{About, Json, Note, NoteFilter, NoteKind, Noted, SectionName};
use std::num::NonZeroU32;

statements! {
    Append = include_str!("sql/note.sql");
}

/// Appends notes; those about jobs that are gone are dropped.
pub(crate) fn append(conn: &mut SqliteConnection, notes: &[Note]) -> QueryResult<()> {
    for Note { about, kind, at, body } in notes {
        let (job, section) = match about {
            About::Job(id) => (id.into(), Value::Null),
            About::Section(name) => (Value::Null, name.as_str().into()),
            About::Store => (Value::Null, Value::Null),
        };
        let kind = i64::from(kind.number());
        Append::run(conn, [job, section, kind.into(), (*at).into(), body.as_str().into()])?;
    }
    Ok(())
}

/// The notes that fit, the newest first. One that somebody wrote past the store and that does not decode is left out.
pub(crate) fn notes(
    conn: &mut SqliteConnection,
    filter: &NoteFilter,
    limit: NonZeroU32,
) -> QueryResult<Vec<Noted>> {
    let mut notes = Vec::new();
    query(filter).each(conn, |row| {
        notes.extend(noted(row));
        notes.len() < limit.get() as usize
    })?;
    Ok(notes)
}

/// The statement that gives the rows.
pub(crate) fn query(filter: &NoteFilter) -> Composed {
    let mut condition = Condition::default();
    match &filter.about {
        None => {}
        Some(About::Job(id)) => condition.and_equal("job", *id),
        Some(About::Section(name)) => condition.and_equal("section", name.to_string()),
        Some(About::Store) => condition.and("job IS NULL AND section IS NULL"),
    }
    if let Some(kind) = filter.kind {
        condition.and_equal("kind", i64::from(kind.number()));
    }
    if let Some(below) = filter.below {
        condition.and_compared("number", "<", below);
    }
    condition.of("SELECT number, job, section, kind, at, body FROM job_note", "ORDER BY number DESC")
}

fn noted(row: &SqliteRow<'_, '_>) -> Option<Noted> {
    let mut fields = Fields::of(row);
    let number = fields.number()?;
    let (job, section) = (fields.job_id(), fields.parsed(str::parse::<SectionName>));
    let kind = fields.counted().and_then(NoteKind::from_number);
    let (at, body) = (fields.time()?, fields.text()?);
    if let Some(problem) = fields.problem() {
        tracing::warn!(note = number, problem, "note {number} cannot be read");
        return None;
    }
    let about = match (job, section) {
        (Some(id), _) => About::Job(id),
        (None, Some(name)) => About::Section(name),
        (None, None) => About::Store,
    };
    Some(Noted { number, note: Note { about, kind: kind?, at, body: Json::stored(body) } })
}

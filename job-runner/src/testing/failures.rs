//! The attempts that failed since a moment, from the notes about them.

use job_core::{
    About, AttemptNote, Note, NoteFilter, NoteKind,
    store::{JobStoreExt, Opened, StoreError},
};
use std::num::NonZeroU32;

/// The words of the outcomes that are failures. What a job asks for is none.
const FAILED: [&str; 6] = ["error", "panic", "time-out", "undecodable", "crash", "lapse"];

/// The most notes that are read, and the most failures that are told.
const READ_MOST: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");
const TOLD_MOST: usize = 20;

/// The number of the newest note about an attempt.
pub(crate) async fn newest(opened: &Opened) -> Result<i64, StoreError> {
    let newest = opened.notes.notes(&attempts(), NonZeroU32::MIN).await?;
    Ok(newest.first().map_or(i64::MIN, |it| it.number))
}

/// Those noted after the note with this number, each in a sentence, the oldest first; the first twenty of them.
pub(crate) async fn since(opened: &Opened, number: i64) -> Result<Vec<String>, StoreError> {
    let notes = opened.notes.notes(&attempts(), READ_MOST).await?;
    let mut failures = Vec::new();
    for noted in notes.into_iter().filter(|it| it.number > number).rev() {
        failures.extend(failure(opened, &noted.note).await?);
        if failures.len() == TOLD_MOST {
            break;
        }
    }
    Ok(failures)
}

async fn failure(opened: &Opened, note: &Note) -> Result<Option<String>, StoreError> {
    let (About::Job(id), Ok(attempt)) = (&note.about, note.body.decode::<AttemptNote>()) else {
        return Ok(None);
    };
    if !FAILED.contains(&attempt.outcome.as_str()) {
        return Ok(None);
    }
    let name = opened.store.get(*id).await?.map(|it| format!("{} ", it.spec.type_name)).unwrap_or_default();
    let AttemptNote { attempt: number, outcome, error, .. } = attempt;
    let error = error.map(|it| format!(": {it}")).unwrap_or_default();
    Ok(Some(format!("{name}job {id}, attempt {number}: {outcome}{error}")))
}

fn attempts() -> NoteFilter {
    NoteFilter { kind: Some(NoteKind::Attempt), ..NoteFilter::default() }
}

//! `jobs show`.

use super::{
    record::{Full, Record},
    sheet::Sheet,
};
use crate::command_line::{
    args::Show,
    dated::Dated,
    error::CommandError,
    ids,
    output::Output,
    switches::switched::{name, noun},
};
use job_core::{
    About, Job, NoteFilter, NoteKind,
    store::{JobStoreExt, Opened, Switch},
};
use serde::de::DeserializeOwned;
use std::num::NonZeroU32;

/// The most notes of a kind that are shown.
const NOTES: NonZeroU32 = NonZeroU32::new(100).unwrap();

pub(super) async fn run(opened: &Opened, args: &Show, output: &mut Output) -> Result<(), CommandError> {
    let job = ids::find(&*opened.store, &args.id).await?;
    let full = Full {
        record: Record::of(&job),
        paused: paused(opened, &job).await?,
        attempts: noted(opened, &job, NoteKind::Attempt).await?,
        log: noted(opened, &job, NoteKind::Log).await?,
        actions: noted(opened, &job, NoteKind::Action).await?,
    };
    if args.json {
        return output.json(&full);
    }
    let now = opened.store.time(opened.clock).await?;
    output.line(&Sheet { job: &job, full: &full, now }.to_string())
}

async fn paused(opened: &Opened, job: &Job) -> Result<Vec<String>, CommandError> {
    let on = opened.switches.switches().await?;
    let own = [Switch::PauseQueue(job.state.queue().clone()), Switch::PauseType(job.spec.type_name.clone())];
    Ok(own.iter().filter(|it| on.contains(it)).map(|it| format!("{} {}", noun(it), name(it))).collect())
}

/// The newest notes of a kind, the oldest of them first. One that somebody wrote past us is left out.
async fn noted<T: DeserializeOwned>(
    opened: &Opened,
    job: &Job,
    kind: NoteKind,
) -> Result<Vec<Dated<T>>, CommandError> {
    let filter = NoteFilter { about: Some(About::Job(job.id)), kind: Some(kind), below: None };
    let notes = opened.notes.notes(&filter, NOTES).await?;
    let dated = notes.into_iter().rev().filter_map(|it| {
        let body = it.note.body.decode().ok()?;
        Some(Dated { at: it.note.at, body })
    });
    Ok(dated.collect())
}

//! Changes as columns of one statement.

use crate::{
    bind::{Bind, time},
    fields::Fields,
    session::Session,
    statement::{FromRow, Statement},
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{About, Change, JobId, JobState, Note, StateParts, Then, Timestamp};
use std::collections::HashSet;

/// Changes, each with the state to be written.
pub(crate) struct Changes<'a>(pub(crate) Vec<(&'a Change, &'a JobState)>);

impl Changes<'_> {
    /// Compares and sets, and gives the ids of those that fitted.
    pub(crate) async fn set(&self, session: &mut Session<'_>) -> QueryResult<HashSet<JobId>> {
        let parts: Vec<StateParts> = self.0.iter().map(|(_, next)| next.parts()).collect();
        let progress: Vec<Option<String>> = parts.iter().map(progress).collect();
        let notes: Vec<(&Change, &Note)> = self
            .0
            .iter()
            .filter_map(|(change, _)| change.note.as_ref().map(|note| (*change, note)))
            .collect();
        let mut binds = self.states(&parts, &progress);
        let text = if notes.is_empty() {
            &session.texts.apply
        } else {
            binds.push(Bind::ids(notes.iter().map(|(change, _)| change.id)));
            binds.extend(note_columns(&notes.iter().map(|(_, note)| *note).collect::<Vec<_>>()));
            &session.texts.apply_noting
        };
        let applied: Vec<Id> = Statement::new(text, binds).rows(session.conn).await?;
        Ok(applied.into_iter().map(|it| it.0).collect())
    }

    /// What `sql/apply.sql` takes.
    fn states<'p>(&'p self, parts: &'p [StateParts], progress: &'p [Option<String>]) -> Vec<Bind<'p>> {
        let guard = |it: &(&Change, &JobState)| it.0.lapsed_by.map(time);
        let texts = |value: &dyn Fn(&'p StateParts) -> Option<&'p str>| {
            Bind::Texts(parts.iter().map(value).collect())
        };
        let times = |value: &dyn Fn(&StateParts) -> Option<Timestamp>| {
            Bind::Times(parts.iter().map(|it| value(it).map(time)).collect())
        };
        vec![
            Bind::ids(self.0.iter().map(|it| it.0.id)),
            Bind::numbers(&self.0, |it| it.0.expected.number()),
            Bind::Times(self.0.iter().map(guard).collect()),
            Bind::numbers(parts, |it| it.status.number().into()),
            texts(&|it| Some(it.queue.as_str())),
            Bind::numbers(parts, |it| it.attempt_count.into()),
            Bind::numbers(parts, |it| it.crash_count.into()),
            times(&|it| Some(it.scheduled_start)),
            times(&|it| it.date_started),
            times(&|it| it.date_finished),
            Bind::Ids(parts.iter().map(|it| it.lease.as_ref().map(|it| *it.holder.as_uuid())).collect()),
            times(&|it| it.lease.as_ref().map(|it| it.expires)),
            Bind::Texts(progress.iter().map(Option::as_deref).collect()),
            texts(&|it| it.last_error.as_ref().map(|it| it.as_str())),
            texts(&|it| it.reason.as_ref().map(|it| it.as_str())),
            texts(&|it| it.held_key.as_ref().map(|it| it.as_str())),
            texts(&|it| it.running_key.as_ref().map(|it| it.as_str())),
            Bind::Ids(parts.iter().map(|it| it.superseded_by.map(|it| *it.as_uuid())).collect()),
            Bind::Ids(parts.iter().map(|it| it.changed_by.map(|it| *it.as_uuid())).collect()),
            Bind::numbers(parts, |it| it.revision.number()),
            Bind::Flags(self.0.iter().map(|it| Some(it.0.then == Then::Delete)).collect()),
        ]
    }
}

fn progress(parts: &StateParts) -> Option<String> {
    let progress = parts.lease.as_ref()?.progress.as_ref()?;
    // A number and a text are always JSON.
    serde_json::to_string(progress).ok()
}

/// Notes as columns: job, section, kind, time and body.
pub(crate) fn note_columns<'a>(notes: &[&'a Note]) -> Vec<Bind<'a>> {
    let job = |it: &&Note| match &it.about {
        About::Job(id) => Some(*id.as_uuid()),
        About::Section(_) | About::Store => None,
    };
    let section = |it: &&'a Note| match &it.about {
        About::Section(name) => Some(name.as_str()),
        About::Job(_) | About::Store => None,
    };
    vec![
        Bind::Ids(notes.iter().map(job).collect()),
        Bind::Texts(notes.iter().map(section).collect()),
        Bind::numbers(notes, |it| it.kind.number().into()),
        Bind::Times(notes.iter().map(|it| Some(time(it.at))).collect()),
        Bind::texts(notes.iter().map(|it| it.body.as_str())),
    ]
}

/// An id alone in its row.
pub(crate) struct Id(pub(crate) JobId);

impl FromRow for Id {
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self> {
        Ok(Self(Fields::of(row).job_id().unwrap_or(*JobId::BOUNDS.start())))
    }
}

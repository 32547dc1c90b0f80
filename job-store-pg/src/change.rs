//! Changes as columns of one statement.

use crate::{
    bind::{Bind, time},
    fields::Fields,
    session::Session,
    statement::{FromRow, Statement},
    texts::Texts,
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{About, Change, JobId, JobState, Note, StateParts, Then, Timestamp};
use std::collections::HashSet;

/// Changes, each with the state to be written.
pub(crate) struct Changes<'a> {
    pairs: Vec<(&'a Change, &'a JobState)>,
    parts: Vec<StateParts>,
    progress: Vec<Option<String>>,
}

impl<'a> Changes<'a> {
    /// Takes the states apart.
    pub(crate) fn new(pairs: Vec<(&'a Change, &'a JobState)>) -> Self {
        let parts: Vec<StateParts> = pairs.iter().map(|(_, next)| next.parts()).collect();
        Self { progress: parts.iter().map(progress).collect(), parts, pairs }
    }

    /// Compares and sets, and gives the ids of those that fitted.
    pub(crate) async fn set(&self, session: &mut Session<'_>) -> QueryResult<HashSet<JobId>> {
        let applied: Vec<Id> = self.statement(session.texts).rows(session.conn).await?;
        Ok(applied.into_iter().map(|it| it.0).collect())
    }

    /// The statement that does it; its rows are [`Id`]s.
    pub(crate) fn statement<'s>(&'s self, texts: &'s Texts) -> Statement<'s> {
        let (binds, notes) = self.binds();
        Statement::new(if notes { &texts.apply_noting } else { &texts.apply }, binds)
    }

    /// What the statement takes, and whether notes are among it.
    pub(crate) fn binds(&self) -> (Vec<Bind<'_>>, bool) {
        let notes: Vec<(&Change, &Note)> = self
            .pairs
            .iter()
            .filter_map(|(change, _)| change.note.as_ref().map(|note| (*change, note)))
            .collect();
        let mut binds = self.states();
        if !notes.is_empty() {
            binds.push(Bind::ids(notes.iter().map(|(change, _)| change.id)));
            binds.extend(note_columns(&notes.iter().map(|(_, note)| *note).collect::<Vec<_>>()));
        }
        (binds, !notes.is_empty())
    }

    /// What `sql/apply.sql` takes.
    fn states(&self) -> Vec<Bind<'_>> {
        let parts = &self.parts;
        let guard = |it: &(&Change, &JobState)| it.0.lapsed_by.map(time);
        let texts = |value: fn(&StateParts) -> Option<&str>| Bind::Texts(parts.iter().map(value).collect());
        let times = |value: &dyn Fn(&StateParts) -> Option<Timestamp>| {
            Bind::Times(parts.iter().map(|it| value(it).map(time)).collect())
        };
        vec![
            Bind::ids(self.pairs.iter().map(|it| it.0.id)),
            Bind::numbers(&self.pairs, |it| it.0.expected.number()),
            Bind::Times(self.pairs.iter().map(guard).collect()),
            Bind::numbers(parts, |it| it.status.number().into()),
            texts(|it| Some(it.queue.as_str())),
            Bind::numbers(parts, |it| it.attempt_count.into()),
            Bind::numbers(parts, |it| it.crash_count.into()),
            times(&|it| Some(it.scheduled_start)),
            times(&|it| it.date_started),
            times(&|it| it.date_finished),
            Bind::Ids(parts.iter().map(|it| it.lease.as_ref().map(|it| *it.holder.as_uuid())).collect()),
            times(&|it| it.lease.as_ref().map(|it| it.expires)),
            Bind::Texts(self.progress.iter().map(Option::as_deref).collect()),
            texts(|it| it.last_error.as_ref().map(|it| it.as_str())),
            texts(|it| it.reason.as_ref().map(|it| it.as_str())),
            texts(|it| it.held_key.as_ref().map(|it| it.as_str())),
            texts(|it| it.running_key.as_ref().map(|it| it.as_str())),
            Bind::Ids(parts.iter().map(|it| it.superseded_by.map(|it| *it.as_uuid())).collect()),
            Bind::Ids(parts.iter().map(|it| it.changed_by.map(|it| *it.as_uuid())).collect()),
            Bind::numbers(parts, |it| it.revision.number()),
            Bind::Flags(self.pairs.iter().map(|it| Some(it.0.then == Then::Delete)).collect()),
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

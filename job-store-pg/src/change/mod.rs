//! Changes as columns of one statement.

pub(crate) mod apply;
pub(crate) mod form;

use crate::{
    change::form::Form,
    connection::session::Session,
    statement::{
        FromRow, Statement,
        bind::{Bind, time},
        fields::Fields,
        texts::{Applying, Texts},
    },
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{About, Change, JobId, JobState, Note, StateParts, Then, Timestamp};
use std::collections::HashSet;

/// Changes, each with the state to be written. Either all rows stay, or all go.
pub(crate) struct Changes<'a> {
    pairs: Vec<(&'a Change, &'a JobState)>,
    parts: Vec<StateParts>,
    progress: Vec<Option<String>>,
    form: Form,
}

impl<'a> Changes<'a> {
    /// Takes the states apart. The rows stay or go as the first change says, which is as all of them say.
    pub(crate) fn new(pairs: Vec<(&'a Change, &'a JobState)>) -> Self {
        let go = pairs.first().is_some_and(|(change, _)| change.then == Then::Delete);
        if go { Self::of(pairs, |_, _| Form::Gone) } else { Self::keeping(pairs) }
    }

    /// The same; the rows stay, whatever the changes say.
    pub(crate) fn keeping(pairs: Vec<(&'a Change, &'a JobState)>) -> Self {
        Self::of(pairs, form)
    }

    fn of(
        pairs: Vec<(&'a Change, &'a JobState)>,
        form: impl FnOnce(&[(&Change, &JobState)], &[StateParts]) -> Form,
    ) -> Self {
        let parts: Vec<StateParts> = pairs.iter().map(|(_, next)| next.parts()).collect();
        let form = form(&pairs, &parts);
        Self { progress: parts.iter().map(progress).collect(), parts, pairs, form }
    }

    /// Compares and sets, and gives the ids of those that fitted.
    pub(crate) async fn set(&self, session: &mut Session<'_>) -> QueryResult<HashSet<JobId>> {
        let applied: Vec<Id> = self.statement(session.texts).rows(session.conn).await?;
        Ok(applied.into_iter().map(|it| it.0).collect())
    }

    /// The statement that does it; its rows are [`Id`]s.
    pub(crate) fn statement<'s>(&'s self, texts: &'s Texts) -> Statement<'s> {
        let (applying, binds) = self.applying(texts);
        Statement::new(&applying.apply, binds)
    }

    /// The texts for changes such as these, and what they take.
    pub(crate) fn applying<'s>(&'s self, texts: &'s Texts) -> (&'s Applying, Vec<Bind<'s>>) {
        let notes: Vec<(&Change, &Note)> = self
            .pairs
            .iter()
            .filter_map(|(change, _)| change.note.as_ref().map(|note| (*change, note)))
            .collect();
        let mut binds = self.guards();
        if self.form != Form::Gone {
            binds.extend(self.states());
        }
        if !notes.is_empty() {
            binds.push(Bind::ids(notes.iter().map(|(change, _)| change.id)));
            binds.extend(note_columns(&notes.iter().map(|(_, note)| *note).collect::<Vec<_>>()));
        }
        (texts.applying(self.form, !notes.is_empty()), binds)
    }

    fn guards(&self) -> Vec<Bind<'_>> {
        let lapsed_by = Bind::Times(self.pairs.iter().map(|it| it.0.lapsed_by.map(time)).collect());
        vec![
            Bind::ids(self.pairs.iter().map(|it| it.0.id)),
            Bind::numbers(&self.pairs, |it| it.0.expected.number()),
            if self.form == Form::Alike { lapsed_by.first() } else { lapsed_by },
        ]
    }

    /// The columns of a state, those that may be alike last.
    fn states(&self) -> Vec<Bind<'_>> {
        let parts = &self.parts;
        let times = |value: &dyn Fn(&StateParts) -> Option<Timestamp>| {
            Bind::Times(parts.iter().map(|it| value(it).map(time)).collect())
        };
        let mut binds = vec![
            Bind::numbers(parts, |it| it.attempt_count.into()),
            Bind::numbers(parts, |it| it.crash_count.into()),
            times(&|it| Some(it.scheduled_start)),
            times(&|it| it.date_started),
            times(&|it| it.date_finished),
            Bind::numbers(parts, |it| it.revision.number()),
        ];
        if self.form == Form::Alike {
            binds.extend(alike(&parts[..1], &self.progress[..1]).into_iter().map(Bind::first));
        } else {
            binds.extend(alike(parts, &self.progress));
        }
        binds
    }
}

/// The columns of a state that may be alike.
fn alike<'s>(parts: &'s [StateParts], progress: &'s [Option<String>]) -> Vec<Bind<'s>> {
    let texts = |value: fn(&StateParts) -> Option<&str>| Bind::Texts(parts.iter().map(value).collect());
    vec![
        Bind::numbers(parts, |it| it.status.number().into()),
        texts(|it| Some(it.queue.as_str())),
        Bind::Ids(parts.iter().map(|it| it.lease.as_ref().map(|it| *it.holder.as_uuid())).collect()),
        Bind::Times(parts.iter().map(|it| it.lease.as_ref().map(|it| time(it.expires))).collect()),
        Bind::Texts(progress.iter().map(Option::as_deref).collect()),
        texts(|it| it.last_error.as_ref().map(|it| it.as_str())),
        texts(|it| it.reason.as_ref().map(|it| it.as_str())),
        texts(|it| it.held_key.as_ref().map(|it| it.as_str())),
        texts(|it| it.running_key.as_ref().map(|it| it.as_str())),
        Bind::Ids(parts.iter().map(|it| it.superseded_by.map(|it| *it.as_uuid())).collect()),
        Bind::Ids(parts.iter().map(|it| it.changed_by.map(|it| *it.as_uuid())).collect()),
    ]
}

/// The form in which these are written where the rows stay.
fn form(pairs: &[(&Change, &JobState)], parts: &[StateParts]) -> Form {
    let said_once = |(change, it): &(&Change, &StateParts)| {
        let texts = (it.last_error.clone(), it.reason.clone(), it.held_key.clone(), it.running_key.clone());
        (
            change.lapsed_by,
            it.status,
            it.queue.clone(),
            it.lease.clone(),
            texts,
            it.superseded_by,
            it.changed_by,
        )
    };
    let mut all = pairs.iter().map(|it| it.0).zip(parts);
    match all.next() {
        Some(first) if all.all(|it| said_once(&it) == said_once(&first)) => Form::Alike,
        _ => Form::Each,
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

//! Notes: appended, and read the newest first.

use crate::{
    call::Call,
    change::note_columns,
    connection::session::Session,
    error::CallError,
    statement::{FromRow, Statement, bind::Bind, condition::Condition, fields::Fields},
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{
    About, BoxError, JobId, Json, Note, NoteFilter, NoteKind, Noted, SectionName, store::StoreError,
};
use std::num::NonZeroU32;
use uuid::Uuid;

/// Appends notes, each once, however often the call is made.
#[derive(Debug)]
pub(crate) struct Append {
    notes: Vec<Note>,
    ids: Vec<Uuid>,
}

impl Append {
    /// Gives each an id by which it is known again.
    pub(crate) fn new(notes: Vec<Note>) -> Self {
        Self { ids: notes.iter().map(|_| Uuid::now_v7()).collect(), notes }
    }
}

impl Call for Append {
    type Answer = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<(), CallError> {
        let mut binds = note_columns(&self.notes.iter().collect::<Vec<_>>());
        binds.push(Bind::Ids(self.ids.iter().copied().map(Some).collect()));
        Statement::new(&session.texts.append, binds).run(session.conn).await?;
        Ok(())
    }
}

/// Reads notes.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) filter: NoteFilter,
    pub(crate) limit: NonZeroU32,
}

impl Call for Read {
    type Answer = Vec<Noted>;
    const IS_QUICK: bool = false;

    async fn run(&self, session: &mut Session<'_>) -> Result<Vec<Noted>, CallError> {
        let mut condition = Condition::default();
        match &self.filter.about {
            None => {}
            Some(About::Job(id)) => condition.and_compared("job", "=", *id),
            Some(About::Section(name)) => condition.and_compared("section", "=", name.as_str()),
            Some(About::Store) => condition.and("job IS NULL AND section IS NULL"),
        }
        if let Some(kind) = self.filter.kind {
            condition.and_compared("kind", "=", i64::from(kind.number()));
        }
        if let Some(below) = self.filter.below {
            condition.and_compared("number", "<", below);
        }
        let limit = condition.bind(Bind::Number(Some(self.limit.get().into())));
        let select = &session.texts.notes;
        let rest = format!("ORDER BY number DESC LIMIT {limit}");
        let rows: Vec<NoteRow> = condition.rows(session, select, &rest).await?;
        rows.into_iter().map(|it| it.0.map_err(Into::into)).collect()
    }
}

/// A note, if it is readable.
struct NoteRow(Result<Noted, StoreError>);

impl FromRow for NoteRow {
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self> {
        let mut fields = Fields::of(row);
        let number = fields.number().unwrap_or_default();
        let job = fields.job_id();
        let about = match (job, fields.parsed(|text| SectionName::new(text))) {
            (Some(id), _) => About::Job(id),
            (None, Some(name)) => About::Section(name),
            (None, None) => About::Store,
        };
        let kind = fields.small().unwrap_or_default();
        let known = NoteKind::from_number(kind).ok_or_else(|| format!("there is no kind of notes {kind}"));
        let kind = fields.checked(known);
        let at = fields.time().unwrap_or_default();
        let body = Json::stored(fields.text().unwrap_or_default());
        let problem = fields.problem();
        Ok(Self(match (kind, problem) {
            (Some(kind), None) => Ok(Noted { number, note: Note { about, kind, at, body } }),
            (_, problem) => Err(corrupt(number, job, problem)),
        }))
    }
}

fn corrupt(number: i64, job: Option<JobId>, problem: Option<BoxError>) -> StoreError {
    let source = problem.unwrap_or_else(|| "it is not readable".into());
    let source: BoxError = format!("note {number}: {source}").into();
    match job {
        Some(id) => StoreError::Corrupt { id, source },
        None => StoreError::Other(source),
    }
}

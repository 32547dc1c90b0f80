//! A row of the table `job` and the job it is, with the columns in the order of `sql/columns.sql`
//! or `sql/waiting.sql`.

use crate::{fields::Fields, statement::number};
use diesel::{row::Row, sqlite::Sqlite};
use job_core::{
    BoxError, Inconsistent, Job, JobId, JobSpec, JobState, JobStatus, Json, Lease, QueueName, Requester,
    Revision, StateParts, Tag, Target, Text, Timestamp, Turn, TypeName, Unique, UniqueKey, UniqueScope,
    store::{Cursor, Unreadable},
};

/// How many columns `sql/waiting.sql` has.
pub(crate) const WAITING: usize = 22;

/// The positions of some columns.
pub(crate) const TURN: usize = 8;
const URGENCY: usize = 3;
const QUEUE: usize = 13;
const SCHEDULED_START: usize = 16;

/// Reads jobs from rows. Neighbours are mostly of one type and queue, so their names are shared.
#[derive(Debug, Default)]
pub(crate) struct JobReader {
    type_name: Option<TypeName>,
    queue: Option<QueueName>,
}

impl JobReader {
    /// The job in `row`.
    pub(crate) fn read<'a>(&mut self, row: &impl Row<'a, Sqlite>) -> Result<Job, Unreadable> {
        self.decode(row, None, false, false)
    }

    /// The job in `row`, which has the columns of `sql/waiting.sql` only: it waits in `queue`.
    pub(crate) fn read_waiting<'a>(
        &mut self,
        row: &impl Row<'a, Sqlite>,
        queue: &QueueName,
        is_plain: bool,
    ) -> Result<Job, Unreadable> {
        self.decode(row, Some(queue), false, is_plain)
    }

    /// The job in `row`, which was just started. If it is not readable its state is given all the same: what the
    /// claim wrote is known, and a part that does not decode is left out.
    pub(crate) fn read_started<'a>(&mut self, row: &impl Row<'a, Sqlite>) -> Result<Job, Unreadable> {
        self.decode(row, None, true, false)
    }

    fn decode<'a>(
        &mut self,
        row: &impl Row<'a, Sqlite>,
        waits_in: Option<&QueueName>,
        started: bool,
        is_plain: bool,
    ) -> Result<Job, Unreadable> {
        let mut fields = Fields::of_plain(row, is_plain);
        // The table refuses an id of another length, so this is only for the compiler.
        let id = fields.job_id().unwrap_or(*JobId::BOUNDS.start());
        let spec = self.spec(&mut fields);
        let spec_problem = fields.problem();
        let state = self.state(&mut fields, waits_in);
        let state_problem = fields.problem();

        let (spec, state) = match (spec, state, &spec_problem, &state_problem) {
            (Some(spec), Ok(state), None, None) => return Ok(Job { id, spec, state }),
            (spec, state, ..) => (spec, state),
        };
        let inconsistent = state.as_ref().err().map(|it| BoxError::from(*it));
        let tells = started || state_problem.is_none();
        Err(Unreadable {
            id,
            state: spec.map(|it| it.type_name).zip(state.ok().filter(|_| tells)).map(Box::new),
            source: spec_problem
                .or(state_problem)
                .or(inconsistent)
                .unwrap_or_else(|| "its type is not readable".into()),
        })
    }

    /// `None` if not even the type is readable.
    fn spec<'a, R: Row<'a, Sqlite>>(&mut self, fields: &mut Fields<'_, R>) -> Option<JobSpec> {
        let type_name = fields.parsed(|text| match &self.type_name {
            Some(known) if known.as_str() == text => Ok(known.clone()),
            _ => TypeName::new(text),
        });
        let args = Json::stored(fields.text().unwrap_or_default());
        let urgency = fields.number().unwrap_or_default();
        let priority = fields.checked(i16::try_from(-urgency)).unwrap_or_default();
        let target = fields.seldom(|it| it.parsed(|text| Target::new(text)));
        let tags =
            fields.seldom(|it| it.parsed(|text| serde_json::from_str::<Vec<Tag>>(text))).unwrap_or_default();
        let key = fields.seldom(Fields::text).map(UniqueKey::stored);
        let scope = fields.seldom(Fields::number).map(|number| {
            let scope = i16::try_from(number).ok().and_then(UniqueScope::from_number);
            scope.ok_or_else(|| format!("there is no unique scope {number}"))
        });
        let scope = scope.and_then(|it| fields.checked(it));
        let turn = fields.seldom(Fields::text).map(Turn::stored);
        let max_retries = fields.counted().unwrap_or_default();
        let requester = fields.seldom(|it| it.parsed(|text| Requester::new(text)));
        let date_created = fields.time().unwrap_or_default();

        self.type_name.clone_from(&type_name);
        Some(JobSpec {
            type_name: type_name?,
            args,
            priority,
            target,
            tags,
            unique: key.zip(scope).map(|(key, scope)| Unique { key, scope }),
            turn,
            max_retries,
            requester,
            date_created,
        })
    }

    fn state<'a, R: Row<'a, Sqlite>>(
        &mut self,
        fields: &mut Fields<'_, R>,
        waits_in: Option<&QueueName>,
    ) -> Result<JobState, Inconsistent> {
        let has_all = waits_in.is_none();
        let status = if has_all { fields.number() } else { None }.map(|number| {
            let status = i16::try_from(number).ok().and_then(JobStatus::from_number);
            status.ok_or_else(|| format!("there is no status {number}"))
        });
        let status = status.and_then(|it| fields.checked(it)).unwrap_or(JobStatus::Waiting);
        let queue = waits_in.cloned().or_else(|| self.queue(fields)).unwrap_or_default();
        let attempt_count = fields.counted().unwrap_or_default();
        let crash_count = fields.counted().unwrap_or_default();
        let scheduled_start = fields.time().unwrap_or_default();
        let date_started = fields.time();
        let (date_finished, lease) = if has_all { (fields.time(), lease(fields)) } else { (None, None) };
        JobState::restore(StateParts {
            status,
            queue,
            attempt_count,
            crash_count,
            scheduled_start,
            date_started,
            date_finished,
            lease,
            last_error: fields.seldom(Fields::text).map(|it| Text::from(&*it)),
            reason: fields.seldom(Fields::text).map(|it| Text::from(&*it)),
            held_key: fields.seldom(Fields::text).map(UniqueKey::stored),
            running_key: if has_all { fields.text().map(Turn::stored) } else { None },
            superseded_by: fields.seldom(Fields::job_id),
            changed_by: fields.actor_id(),
            revision: Revision::from_number(fields.number().unwrap_or_default()),
        })
    }

    fn queue<'a, R: Row<'a, Sqlite>>(&mut self, fields: &mut Fields<'_, R>) -> Option<QueueName> {
        let queue = fields.parsed(|text| match &self.queue {
            Some(known) if known.as_str() == text => Ok(known.clone()),
            _ => QueueName::new(text),
        });
        self.queue.clone_from(&queue);
        queue
    }
}

fn lease<'a, R: Row<'a, Sqlite>>(fields: &mut Fields<'_, R>) -> Option<Lease> {
    let (holder, expires) = (fields.actor_id(), fields.time());
    let progress = fields.parsed(|text| serde_json::from_str(text));
    Some(Lease { holder: holder?, expires: expires?, progress })
}

/// The place of a row in the order of claims; `None` if its queue's name is not readable.
pub(crate) fn place<'a>(row: &impl Row<'a, Sqlite>, id: JobId) -> Option<Cursor> {
    let mut queue = Fields::at(row, QUEUE);
    let queue = queue.parsed(str::parse::<QueueName>)?;
    let urgency = number(row, URGENCY);
    let urgency = i32::try_from(urgency).unwrap_or(if urgency < 0 { i32::MIN } else { i32::MAX });
    let start = Timestamp::from_micros(number(row, SCHEDULED_START));
    Some(Cursor::Place { queue, place: (urgency, start, id) })
}

//! A row of the table `job` and the job it is, with the columns in the order of `sql/columns.sql` or `sql/started.sql`.

use crate::{
    claim::floor::Place,
    statement::{FromRow, fields::Fields},
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{
    BoxError, Inconsistent, Job, JobId, JobSpec, JobState, JobStatus, Json, Lease, QueueName, Requester,
    Revision, StateParts, Tag, Target, Text, Turn, TypeName, Unique, UniqueKey, UniqueScope,
    store::{Claim, Unreadable},
};

/// Where `sql/columns.sql` and `sql/started.sql` have the columns of a row's place in the order of claims.
const PRIORITY: usize = 3;
const QUEUE: usize = 13;
const SCHEDULED_START: usize = 16;
const STARTED_SCHEDULED_START: usize = 14;

/// A row as it was read.
#[derive(Debug)]
pub(crate) struct JobRow {
    /// Its id, also if all else is unreadable.
    pub(crate) id: JobId,
    /// The job. If it is not readable, its type and state are given as far as they decode; what a claim wrote always does.
    pub(crate) job: Result<Job, Unreadable>,
    /// Its place in the order of claims, whether the job is readable or not.
    pub(crate) place: Place,
    /// Its queue; that of the claim, if one started it. `None` if that is no name.
    pub(crate) queue: Option<QueueName>,
    /// The column behind the job's, of statements that have one.
    pub(crate) further: Option<i64>,
}

impl FromRow for JobRow {
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self> {
        Ok(Self::read(&mut Fields::of(row), None))
    }
}

impl JobRow {
    /// Reads what `claim` started, from the columns of `sql/started.sql`: what it wrote into each row is not read back.
    pub(crate) fn read_started<'a, R: Row<'a, Pg>>(fields: &mut Fields<'_, R>, claim: &Claim) -> Self {
        Self::read(fields, Some(claim))
    }

    fn read<'a, R: Row<'a, Pg>>(fields: &mut Fields<'_, R>, claim: Option<&Claim>) -> Self {
        // The primary key is never NULL, so this is only for the compiler.
        let id = fields.ahead(0).job_id().unwrap_or(*JobId::BOUNDS.start());
        let (queue, start) = match claim {
            Some(claim) => (Some(claim.queue.clone()), STARTED_SCHEDULED_START),
            None => (fields.ahead(QUEUE).parsed(|text| QueueName::new(text)), SCHEDULED_START),
        };
        let urgency = -i32::from(fields.ahead(PRIORITY).small().unwrap_or_default());
        let place = (urgency, fields.ahead(start).time().unwrap_or_default(), id);
        fields.job_id();
        let spec = spec(fields);
        let spec_problem = fields.problem();
        let turn = spec.as_ref().and_then(|it| it.turn.as_ref());
        let state = match claim {
            Some(claim) => started(fields, claim, turn),
            None => state(fields),
        };
        let state_problem = fields.problem();
        let further = fields.number();
        Self {
            id,
            place,
            queue,
            job: match (spec, state, spec_problem, state_problem) {
                (Some(spec), Ok(state), None, None) => Ok(Job { id, spec, state }),
                (spec, state, ours, None) => Err(unreadable(id, spec, state, ours)),
                // What a claim wrote holds, whatever it made of a count that was none.
                (spec, state, ours, theirs) if claim.is_some() => {
                    Err(unreadable(id, spec, state, ours.or(theirs)))
                }
                (.., theirs) => Err(Unreadable { id, state: None, source: theirs.unwrap_or_else(unknown) }),
            },
            further,
        }
    }
}

fn unreadable(
    id: JobId,
    spec: Option<JobSpec>,
    state: Result<JobState, Inconsistent>,
    problem: Option<BoxError>,
) -> Unreadable {
    let inconsistent = state.as_ref().err().map(|it| BoxError::from(*it));
    Unreadable {
        id,
        state: spec.map(|it| it.type_name).zip(state.ok()).map(Box::new),
        source: problem.or(inconsistent).unwrap_or_else(unknown),
    }
}

fn unknown() -> BoxError {
    "its type is not readable".into()
}

/// `None` if not even the type is readable.
fn spec<'a, R: Row<'a, Pg>>(fields: &mut Fields<'_, R>) -> Option<JobSpec> {
    let type_name = fields.parsed(|text| TypeName::new(text));
    let args = Json::stored(fields.text().unwrap_or_default());
    let priority = fields.small().unwrap_or_default();
    let target = fields.parsed(|text| Target::new(text));
    let tags = fields.texts().unwrap_or_default();
    let tags = fields.checked(tags.into_iter().map(Tag::new).collect::<Result<_, _>>()).unwrap_or_default();
    let key = fields.text().map(UniqueKey::stored);
    let scope = fields.small().map(|number| {
        UniqueScope::from_number(number).ok_or_else(|| format!("there is no unique scope {number}"))
    });
    let scope = scope.and_then(|it| fields.checked(it));
    let turn = fields.text().map(Turn::stored);
    let max_retries = fields.count().unwrap_or_default();
    let requester = fields.parsed(|text| Requester::new(text));
    let date_created = fields.time().unwrap_or_default();
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

fn state<'a, R: Row<'a, Pg>>(fields: &mut Fields<'_, R>) -> Result<JobState, Inconsistent> {
    let status = fields
        .small()
        .map(|number| JobStatus::from_number(number).ok_or_else(|| format!("there is no status {number}")));
    let status = status.and_then(|it| fields.checked(it)).unwrap_or(JobStatus::Waiting);
    let queue = fields.parsed(|text| QueueName::new(text)).unwrap_or_default();
    let attempt_count = fields.count().unwrap_or_default();
    let crash_count = fields.count().unwrap_or_default();
    let scheduled_start = fields.time().unwrap_or_default();
    let date_started = fields.time();
    let date_finished = fields.time();
    let holder = fields.actor_id();
    let expires = fields.time();
    let progress = fields.parsed(|text| serde_json::from_str(text));
    JobState::restore(StateParts {
        status,
        queue,
        attempt_count,
        crash_count,
        scheduled_start,
        date_started,
        date_finished,
        lease: holder.zip(expires).map(|(holder, expires)| Lease { holder, expires, progress }),
        last_error: fields.text().map(|it| Text::from(&*it)),
        reason: fields.text().map(|it| Text::from(&*it)),
        held_key: fields.text().map(UniqueKey::stored),
        running_key: fields.text().map(Turn::stored),
        superseded_by: fields.job_id(),
        changed_by: fields.actor_id(),
        revision: Revision::from_number(fields.number().unwrap_or_default()),
    })
}

/// The state that `claim` has written.
fn started<'a, R: Row<'a, Pg>>(
    fields: &mut Fields<'_, R>,
    claim: &Claim,
    turn: Option<&Turn>,
) -> Result<JobState, Inconsistent> {
    let attempt_count = fields.count().unwrap_or_default();
    let crash_count = fields.count().unwrap_or_default();
    let scheduled_start = fields.time().unwrap_or_default();
    let date_started = fields.time().unwrap_or_default();
    JobState::restore(StateParts {
        status: JobStatus::Running,
        queue: claim.queue.clone(),
        attempt_count,
        crash_count,
        scheduled_start,
        date_started: Some(date_started),
        date_finished: None,
        lease: Some(Lease { holder: claim.by, expires: date_started + claim.lease, progress: None }),
        last_error: fields.text().map(|it| Text::from(&*it)),
        reason: fields.text().map(|it| Text::from(&*it)),
        held_key: fields.text().map(UniqueKey::stored),
        running_key: turn.cloned(),
        superseded_by: fields.job_id(),
        changed_by: Some(claim.by),
        revision: Revision::from_number(fields.number().unwrap_or_default()),
    })
}

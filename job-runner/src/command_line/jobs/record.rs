//! A job as a JSON object, for scripts. Its members stay as they are; new ones may be added.

use crate::command_line::dated::Dated;
use job_core::{
    ActionNote, AttemptNote, Job, Json, LogNote, Progress, QueueName, Requester, Tag, Target, Text,
    Timestamp, TypeName, UniqueScope, store::Unreadable,
};
use serde::Serialize;
use serde_json::Value;

/// A job. Its ids are written as everywhere else: 32 digits.
#[derive(Debug, Serialize)]
pub(super) struct Record<'a> {
    id: String,
    #[serde(rename = "type")]
    type_name: &'a TypeName,
    status: &'static str,
    queue: &'a QueueName,
    priority: i16,
    attempt_count: u32,
    max_retries: u32,
    crash_count: u32,
    date_created: Timestamp,
    scheduled_start: Timestamp,
    date_started: Option<Timestamp>,
    date_finished: Option<Timestamp>,
    lease: Option<LeaseRecord<'a>>,
    target: Option<&'a Target>,
    tags: &'a [Tag],
    requester: Option<&'a Requester>,
    unique: Option<UniqueRecord<'a>>,
    turn: Option<String>,
    last_error: Option<&'a Text>,
    reason: Option<&'a Text>,
    superseded_by: Option<String>,
    revision: i64,
    args: Value,
}

#[derive(Debug, Serialize)]
struct LeaseRecord<'a> {
    holder: String,
    expires: Timestamp,
    progress: Option<&'a Progress>,
}

#[derive(Debug, Serialize)]
struct UniqueRecord<'a> {
    key: &'a str,
    scope: &'static str,
    held: bool,
}

impl<'a> Record<'a> {
    pub(super) fn of(job: &'a Job) -> Self {
        let Job { id, spec, state } = job;
        Self {
            id: id.to_string(),
            type_name: &spec.type_name,
            status: state.status().word(),
            queue: state.queue(),
            priority: spec.priority,
            attempt_count: state.attempt_count(),
            max_retries: spec.max_retries,
            crash_count: state.crash_count(),
            date_created: spec.date_created,
            scheduled_start: state.scheduled_start(),
            date_started: state.date_started(),
            date_finished: state.date_finished(),
            lease: state.lease().map(|it| LeaseRecord {
                holder: it.holder.to_string(),
                expires: it.expires,
                progress: it.progress.as_ref(),
            }),
            target: spec.target.as_ref(),
            tags: &spec.tags,
            requester: spec.requester.as_ref(),
            unique: spec.unique.as_ref().map(|it| UniqueRecord {
                key: it.key.as_str(),
                scope: scope(it.scope),
                held: state.held_key().is_some(),
            }),
            turn: spec.turn.as_ref().map(ToString::to_string),
            last_error: state.last_error(),
            reason: state.reason(),
            superseded_by: state.superseded_by().map(|it| it.to_string()),
            revision: state.revision().number(),
            args: value(&spec.args),
        }
    }
}

/// A job whose row does not decode.
#[derive(Debug, Serialize)]
pub(super) struct UnreadableRecord<'a> {
    id: String,
    #[serde(rename = "type")]
    type_name: Option<&'a TypeName>,
    unreadable: String,
}

impl<'a> UnreadableRecord<'a> {
    pub(super) fn of(row: &'a Unreadable) -> Self {
        let type_name = row.state.as_deref().map(|(name, _)| name);
        Self { id: row.id.to_string(), type_name, unreadable: row.source.to_string() }
    }
}

/// A job and what is noted about it, the oldest first.
#[derive(Debug, Serialize)]
pub(super) struct Full<'a> {
    #[serde(flatten)]
    pub(super) record: Record<'a>,
    /// Of its queue and its type, those that are paused: why a job waits that is due.
    pub(super) paused: Vec<String>,
    /// Those that did not succeed.
    pub(super) attempts: Vec<Dated<AttemptNote>>,
    pub(super) log: Vec<Dated<LogNote>>,
    pub(super) actions: Vec<Dated<ActionNote>>,
}

/// While in which status the job holds its key, in a word.
pub(super) const fn scope(scope: UniqueScope) -> &'static str {
    match scope {
        UniqueScope::Waiting => "waiting",
        UniqueScope::Pending => "pending",
        UniqueScope::Kept => "kept",
    }
}

/// What is stored; as a string, if it is no JSON any more.
pub(super) fn value(json: &Json) -> Value {
    json.decode().unwrap_or_else(|_| Value::String(json.as_str().to_owned()))
}

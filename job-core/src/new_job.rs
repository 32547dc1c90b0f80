//! A job that is not stored yet.

use crate::{
    COUNT_MAX, Job, JobId, JobSpec, JobState, JobStatus, Json, JsonError, LabelError, NameError, Phase,
    QueueName, Requester, Revision, Start, Tag, Target, Timestamp, Turn, TypeName, Unique,
};

/// What an insert takes: a spec without its date, and where and when to start.
///
/// Made by [`JobType::draft`](crate::JobType::draft) or a [`JobSource`](crate::JobSource), which check the
/// args; a store takes the fields as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Minted by the store the job is for. Inserting the same id and spec again is answered as the first time.
    pub id: JobId,
    /// See [`JobSpec::type_name`].
    pub type_name: TypeName,
    /// See [`JobSpec::args`].
    pub args: Json,
    /// See [`JobSpec::priority`].
    pub priority: i16,
    /// See [`JobSpec::target`].
    pub target: Option<Target>,
    /// See [`JobSpec::tags`].
    pub tags: Vec<Tag>,
    /// See [`JobSpec::unique`].
    pub unique: Option<Unique>,
    /// See [`JobSpec::turn`].
    pub turn: Option<Turn>,
    /// See [`JobSpec::max_retries`].
    pub max_retries: u32,
    /// See [`JobSpec::requester`].
    pub requester: Option<Requester>,
    /// See [`JobState::queue`].
    pub queue: QueueName,
    /// When it may start.
    pub start: Start,
}

impl NewJob {
    /// The job as it is inserted at `now`: Waiting, at its first revision, holding its key. Pure.
    #[must_use]
    pub fn created(&self, now: Timestamp) -> Job {
        let spec = JobSpec {
            type_name: self.type_name.clone(),
            args: self.args.clone(),
            priority: self.priority,
            target: self.target.clone(),
            tags: self.tags.clone(),
            unique: self.unique.clone(),
            turn: self.turn.clone(),
            max_retries: self.max_retries.min(COUNT_MAX),
            requester: self.requester.clone(),
            date_created: now,
        };
        let state = JobState {
            phase: Phase::Waiting,
            queue: self.queue.clone(),
            attempt_count: 0,
            crash_count: 0,
            scheduled_start: self.start.resolve(now),
            date_started: None,
            last_error: None,
            reason: None,
            held_key: self.unique.as_ref().and_then(|it| it.held(JobStatus::Waiting)),
            running_key: None,
            superseded_by: None,
            changed_by: None,
            revision: Revision::first(now),
        };
        Job { id: self.id, spec, state }
    }

    /// Whether `job` is what an earlier insert of this made: the same id and the same spec, dates aside.
    #[must_use]
    pub fn made(&self, job: &Job) -> bool {
        self.id == job.id && self.created(job.spec.date_created).spec == job.spec
    }
}

/// What one call asks for beyond what the job type says.
///
/// ```
/// use job_core::{Options, Start};
/// use std::time::Duration;
///
/// let tonight = Options { start: Start::In(Duration::from_secs(3600)), ..Options::default() };
/// assert_eq!(tonight.priority, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// When it may start; by default now.
    pub start: Start,
    /// Another queue than the type's.
    pub queue: Option<QueueName>,
    /// Another priority than the type's.
    pub priority: Option<i16>,
    /// Another number of retries than the type's.
    pub max_retries: Option<u32>,
    /// Who asks.
    pub requester: Option<Requester>,
    /// Tags beside the type's.
    pub tags: Vec<Tag>,
}

/// A job that cannot be written down. Named by what the job type has to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// The type's name or queue.
    #[error("the job type is misnamed: {0}")]
    Name(#[from] NameError),
    /// The job itself.
    #[error("the args of a `{type_name}` job cannot be stored: {source}")]
    Args {
        /// The job type.
        type_name: TypeName,
        /// What no store could keep.
        source: JsonError,
    },
    /// Its unique key.
    #[error("the unique key of a `{type_name}` job cannot be stored: {source}")]
    Key {
        /// The job type.
        type_name: TypeName,
        /// What no store could keep.
        source: JsonError,
    },
    /// Its target or a tag.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// More tags than a job may have.
    #[error("the job has {count} tags; at most {} are allowed", JobSpec::TAGS_MOST)]
    Tags {
        /// How many.
        count: usize,
    },
    /// A type with a `PERIOD` needs to know the time to make its key.
    #[error(
        "the unique key of `{type_name}` has a period: give the store's time, or a start at a point in time"
    )]
    NeedsTime {
        /// The job type.
        type_name: TypeName,
    },
}

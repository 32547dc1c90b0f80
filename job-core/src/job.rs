//! The record: what was asked, which never changes, and where it is.

use crate::{JobId, JobState, Json, Requester, Revision, Tag, Target, Timestamp, Turn, TypeName, Unique};

/// A job: what was asked for, and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its identity.
    pub id: JobId,
    /// What was asked. Never changes.
    pub spec: JobSpec,
    /// Where it is. Changes only through the verbs, such as [`start`](Self::start) and [`complete`](Self::complete).
    pub state: JobState,
}

/// What was asked. Never changes once the job is inserted.
#[derive(Clone, Debug, PartialEq)]
pub struct JobSpec {
    /// Which job type runs it.
    pub type_name: TypeName,
    /// The serialized job type. Read when it is run; not looked into by stores.
    pub args: Json,
    /// Higher is started first.
    pub priority: i16,
    /// What it is about.
    pub target: Option<Target>,
    /// Words to find it by, at most [`TAGS_MOST`](Self::TAGS_MOST).
    pub tags: Vec<Tag>,
    /// Its unique key and scope.
    pub unique: Option<Unique>,
    /// What at most one job may run for at a time.
    pub turn: Option<Turn>,
    /// Starts allowed after the first; 0 means one start, ever.
    pub max_retries: u32,
    /// Who asked.
    pub requester: Option<Requester>,
    /// When it was inserted, by the store's clock.
    pub date_created: Timestamp,
}

impl JobSpec {
    /// The most tags a job may have.
    pub const TAGS_MOST: usize = 16;
}

impl Job {
    /// Whether a further start is allowed, after the starts so far.
    #[must_use]
    pub const fn attempts_left(&self) -> bool {
        self.state.attempt_count <= self.spec.max_retries
    }

    /// How many changes were applied to it since it was inserted.
    #[must_use]
    pub const fn change_count(&self) -> i64 {
        self.state.revision.number() - Revision::first(self.spec.date_created).number()
    }

    /// Where this job stands among those that wait: claims start jobs in ascending order of this key.
    #[must_use]
    pub fn place(&self) -> (i32, Timestamp, JobId) {
        (-i32::from(self.spec.priority), self.state.scheduled_start, self.id)
    }
}

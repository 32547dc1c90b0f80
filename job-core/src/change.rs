//! A change: a compare-and-set on one job. The core decides everything in it; a store only compares and sets.

use crate::{ActorId, Job, JobId, JobState, JobStatus, Note, Revision, Timestamp};

/// One job's move to its next state, if nobody moved it before.
///
/// Both guards are monotone: once false, false for ever. A guard on a set of statuses is not, and a database
/// that waited for a row's lock may then refuse a row that fits (reproduced on PostgreSQL 15).
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which job.
    pub id: JobId,
    /// The revision it must still be at.
    pub expected: Revision,
    /// Who changes it.
    pub by: ActorId,
    /// If given, its lease must have ended by then: a renewal changes no revision, but holds off a rescue.
    pub lapsed_by: Option<Timestamp>,
    /// The state to be written, at the revision after `expected`, changed by `by`.
    pub next: JobState,
    /// Whether `next` holds the unique key again that the job does not hold now.
    pub takes_key: bool,
    /// What happens if another job holds that key.
    pub if_taken: IfTaken,
    /// A record kept in the same statement, if the change is applied.
    pub note: Option<Note>,
    /// Whether the row stays.
    pub then: Then,
}

/// What a change that takes its key back does when another job holds it.
#[derive(Clone, Debug, PartialEq)]
pub enum IfTaken {
    /// Nothing is changed, and the answer is [`Reply::KeyTaken`]: an operator's requeue.
    Refuse,
    /// The moving job becomes Cancelled, superseded by the holder, because the holder will do the work. The
    /// store fills in the holder with [`superseded_by`](IfTaken::superseded_by).
    Supersede(Box<JobState>),
}

impl IfTaken {
    /// The state to be written now that `holder` turned out to hold the key; `None` if the change is refused.
    #[must_use]
    pub fn superseded_by(&self, holder: JobId) -> Option<JobState> {
        match self {
            Self::Refuse => None,
            Self::Supersede(state) => Some(JobState { superseded_by: Some(holder), ..(**state).clone() }),
        }
    }
}

/// Whether the row stays once the change is applied.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Then {
    /// It stays, as history.
    #[default]
    Keep,
    /// It goes in the same statement, with its notes. A superseded job stays.
    Delete,
}

/// What became of a change. Losing a race is a value, not an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reply {
    /// The job is in its next state.
    Applied,
    /// It was applied before, and the job is where it led: the reply was lost, and the change was sent again.
    AlreadyApplied,
    /// Applied with its [`IfTaken::Supersede`] state: another job holds the key.
    Superseded {
        /// The holder.
        by: JobId,
    },
    /// Refused: another job holds the key.
    KeyTaken {
        /// The holder.
        holder: JobId,
    },
    /// Refused: the job moved on, or its lease was renewed.
    Stale,
    /// Refused: the job was deleted.
    Gone,
    /// Nothing changed: somebody's open transaction holds the row or the key. Send the change again later.
    Busy,
}

impl Reply {
    /// Whether the job is where the change wanted it, or where its key led it.
    #[must_use]
    pub const fn is_applied(self) -> bool {
        matches!(self, Self::Applied | Self::AlreadyApplied | Self::Superseded { .. })
    }
}

impl Change {
    /// `job`, as `by` read it, moves to `next`, which is a verb's answer for it.
    ///
    /// If another job holds a key that `next` takes back, the change is refused.
    #[must_use]
    pub fn new(job: &Job, next: JobState, by: ActorId) -> Self {
        Self {
            id: job.id,
            expected: job.state.revision(),
            by,
            lapsed_by: None,
            takes_key: next.held_key().is_some() && job.state.held_key().is_none(),
            next: JobState { changed_by: Some(by), ..next },
            if_taken: IfTaken::Refuse,
            note: None,
            then: Then::Keep,
        }
    }

    /// If another job holds the key, `job` becomes Cancelled at `now`, superseded by the holder.
    #[must_use]
    pub fn or_supersede(self, job: &Job, now: Timestamp) -> Self {
        Self { if_taken: IfTaken::Supersede(Box::new(job.supersede(self.by, now))), ..self }
    }

    /// Only if the lease has ended by `then`: a rescuer's guard.
    #[must_use]
    pub fn if_lapsed(self, then: Timestamp) -> Self {
        Self { lapsed_by: Some(then), ..self }
    }

    /// Keeps `note` in the same statement.
    #[must_use]
    pub fn with_note(self, note: Note) -> Self {
        Self { note: Some(note), ..self }
    }

    /// Deletes the row in the same statement, if the job completes and holds no key that must outlive it.
    #[must_use]
    pub fn deleting_completed(self) -> Self {
        let goes = self.next.status() == JobStatus::Completed && self.next.held_key().is_none();
        Self { then: if goes { Then::Delete } else { Then::Keep }, ..self }
    }

    /// The answer for a job at `state`, which this change does not fit: what the lost reply said if it was applied
    /// before, else Stale.
    ///
    /// It was applied if the job is exactly where it leads. A revision, an actor and a status would not tell: one
    /// actor may send two changes of one look, to the same status, at once.
    #[must_use]
    pub fn late_reply(&self, state: &JobState) -> Reply {
        match state.superseded_by() {
            _ if *state == self.next => Reply::AlreadyApplied,
            Some(by) if self.if_taken.superseded_by(by).as_ref() == Some(state) => Reply::Superseded { by },
            _ => Reply::Stale,
        }
    }

    /// Whether both guards hold for a job at `state`.
    #[must_use]
    pub fn fits(&self, state: &JobState) -> bool {
        state.revision() == self.expected && self.lapsed_by.is_none_or(|then| state.has_lapsed(then))
    }
}

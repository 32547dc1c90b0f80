//! Where a job is: its phase, its counters and its keys.

use crate::{ActorId, JobId, Progress, QueueName, Text, Timestamp, Turn, UniqueKey};
use std::fmt;

/// The highest attempt, crash and retry count; every store can keep it, and counting stops there.
pub const COUNT_MAX: u32 = i32::MAX as u32;

/// What a job is doing, with the facts that are true only then.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// To be started when its scheduled start has come. A claim moves it on; a user may suspend or cancel it.
    Waiting,
    /// Started, and leased to a runner, which moves it on; after the lease any rescuer may.
    Running(Lease),
    /// Its attempt succeeded. Only an operator's requeue moves it on.
    Completed {
        /// When.
        at: Timestamp,
    },
    /// No attempt is left, or no further attempt made sense. Only an operator's requeue moves it on.
    Failed {
        /// When.
        at: Timestamp,
    },
    /// Set aside until somebody resumes it.
    Suspended,
    /// Called off, or superseded by another holder of its key. Only an operator's requeue moves it on.
    Cancelled {
        /// When.
        at: Timestamp,
    },
}

impl Phase {
    /// The phase without its facts.
    #[must_use]
    pub const fn status(&self) -> JobStatus {
        match self {
            Self::Waiting => JobStatus::Waiting,
            Self::Running(_) => JobStatus::Running,
            Self::Completed { .. } => JobStatus::Completed,
            Self::Failed { .. } => JobStatus::Failed,
            Self::Suspended => JobStatus::Suspended,
            Self::Cancelled { .. } => JobStatus::Cancelled,
        }
    }
}

/// A [`Phase`] without its facts: for filters and columns. The numbers are Launchpad's, and Cancelled is new.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum JobStatus {
    /// See [`Phase::Waiting`].
    Waiting = 0,
    /// See [`Phase::Running`].
    Running = 1,
    /// See [`Phase::Completed`].
    Completed = 2,
    /// See [`Phase::Failed`].
    Failed = 3,
    /// See [`Phase::Suspended`].
    Suspended = 4,
    /// See [`Phase::Cancelled`].
    Cancelled = 5,
}

impl JobStatus {
    /// Every status, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Running, Self::Completed, Self::Failed, Self::Suspended, Self::Cancelled];

    /// Whether the job may still complete without an operator: Waiting, Running or Suspended.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Waiting | Self::Running | Self::Suspended)
    }

    /// Whether the job has ended: Completed, Failed or Cancelled.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !self.is_pending()
    }

    /// The number a store keeps.
    #[must_use]
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The status of a stored number.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.number() == number)
    }

    /// The status in a word, lower case.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Suspended => "suspended",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Until when a Running job belongs to its runner.
///
/// Its end only *permits* others to take the job: ownership is the [`Revision`], so a late change is accepted
/// as long as nobody took the job.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// The runner.
    pub holder: ActorId,
    /// When the lease ends, by the store's clock, unless it is renewed.
    pub expires: Timestamp,
    /// What the handler last reported.
    pub progress: Option<Progress>,
}

/// Grows by one with every applied change and never repeats, whatever else is reset: the fence.
///
/// Renewals, progress and notes do not change it. An id may have several lives, where a job was deleted and inserted
/// again; each begins at the microsecond of its insert, and so past all revisions of the lives before.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Revision(i64);

impl Revision {
    /// The revision at which a life begins that was inserted at `created`.
    #[must_use]
    pub const fn first(created: Timestamp) -> Self {
        Self(created.as_micros())
    }

    /// Wraps what a store kept.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// What a store keeps.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The revision after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Where a job is. Changes only through the verbs of [`Job`](crate::Job), which give the next state.
///
/// A store takes it apart with [`parts`](Self::parts) and rebuilds it with [`restore`](Self::restore), which
/// checks that the parts belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct JobState {
    pub(crate) phase: Phase,
    pub(crate) queue: QueueName,
    pub(crate) attempt_count: u32,
    pub(crate) crash_count: u32,
    pub(crate) scheduled_start: Timestamp,
    pub(crate) date_started: Option<Timestamp>,
    pub(crate) last_error: Option<Text>,
    pub(crate) reason: Option<Text>,
    pub(crate) held_key: Option<UniqueKey>,
    pub(crate) running_key: Option<Turn>,
    pub(crate) superseded_by: Option<JobId>,
    pub(crate) changed_by: Option<ActorId>,
    pub(crate) revision: Revision,
}

macro_rules! getters {
    ($($(#[$doc:meta])* $field:ident $how:ident $type:ty;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub const fn $field(&self) -> $type {
            getters!(@ $how self.$field)
        }
    )*};
    (@ copies $value:expr) => { $value };
    (@ lends $value:expr) => { &$value };
    (@ may_lend $value:expr) => { $value.as_ref() };
}

impl JobState {
    getters! {
        /// The queue (lane) it waits in. A retry may move it.
        queue lends &QueueName;
        /// Starts so far, counted when the job is claimed, so that a job that kills its process cannot loop for
        /// ever. Given back by snooze, release and suspend.
        attempt_count copies u32;
        /// How often a lease of it lapsed.
        crash_count copies u32;
        /// Not to be started before.
        scheduled_start copies Timestamp;
        /// The error of the last attempt that failed.
        last_error may_lend Option<&Text>;
        /// Why it was suspended or cancelled.
        reason may_lend Option<&Text>;
        /// Its unique key, if it holds it now.
        held_key may_lend Option<&UniqueKey>;
        /// Its turn, while it runs.
        running_key may_lend Option<&Turn>;
        /// The job that held its key when this one wanted it back.
        superseded_by copies Option<JobId>;
        /// Who applied the last change; nobody since the insert.
        changed_by copies Option<ActorId>;
        /// The fence.
        revision copies Revision;
        /// What it is doing.
        phase lends &Phase;
        /// When its last attempt started.
        date_started copies Option<Timestamp>;
    }

    /// The phase without its facts.
    #[must_use]
    pub const fn status(&self) -> JobStatus {
        self.phase.status()
    }

    /// When it ended, if it has.
    #[must_use]
    pub const fn date_finished(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Completed { at } | Phase::Failed { at } | Phase::Cancelled { at } => Some(at),
            Phase::Waiting | Phase::Running(_) | Phase::Suspended => None,
        }
    }

    /// The lease, if it runs.
    #[must_use]
    pub const fn lease(&self) -> Option<&Lease> {
        match &self.phase {
            Phase::Running(lease) => Some(lease),
            _ => None,
        }
    }

    /// Whether a claim at `now` may start it, its turn and pauses aside.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.status() == JobStatus::Waiting && self.scheduled_start <= now
    }

    /// Whether its lease has ended at `now`.
    #[must_use]
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        self.lease().is_some_and(|it| it.expires <= now)
    }
}

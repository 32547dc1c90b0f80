//! Notes: append-only records that hang on a job, a section or an operator's action.

use crate::{ActorId, JobId, Json, LogLevel, SectionName, Text, Timestamp, TypeName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A record of something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// What it hangs on. A job's notes go with the job.
    pub about: About,
    /// Which of the bodies below it has.
    pub kind: NoteKind,
    /// When it happened, by its writer's reckoning of the store's time.
    pub at: Timestamp,
    /// One of the bodies below.
    pub body: Json,
}

/// What a note hangs on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum About {
    /// A job.
    Job(JobId),
    /// A section of the configuration.
    Section(SectionName),
    /// The store as a whole: operators' actions.
    Store,
}

/// What kind of record a note is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum NoteKind {
    /// An attempt that did not succeed: [`AttemptNote`].
    Attempt = 0,
    /// A line a handler logged: [`LogNote`].
    Log = 1,
    /// A run of a section: [`RunNote`].
    Run = 2,
    /// Something an operator did: [`ActionNote`].
    Action = 3,
}

impl NoteKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Attempt, Self::Log, Self::Run, Self::Action];

    /// The number a store keeps.
    #[must_use]
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The kind of a stored number.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.number() == number)
    }
}

/// A note as a store keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    /// Grows with every note appended to a store.
    pub number: i64,
    /// The note.
    pub note: Note,
}

/// Which notes are wanted; all of them by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NoteFilter {
    /// Only those that hang on this.
    pub about: Option<About>,
    /// Only those of this kind.
    pub kind: Option<NoteKind>,
    /// Only those whose number is below this: the page before.
    pub below: Option<i64>,
}

/// How an attempt ended that did not succeed.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct AttemptNote {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// In a word: `error`, `panic`, `time-out`, `lapse`, …
    pub outcome: String,
    /// The error's text.
    pub error: Option<Text>,
    /// Who ran it.
    pub runner: ActorId,
    /// When it started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Timestamp,
    /// The id of the error report about it, if one was made.
    pub report: Option<String>,
}

/// A line a handler logged.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct LogNote {
    /// During which attempt.
    pub attempt: u32,
    /// How urgent.
    pub level: LogLevel,
    /// The line.
    pub text: Text,
}

/// A run of a section by a script.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct RunNote {
    /// Where.
    pub host: Text,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// Jobs completed, by type.
    pub completed: BTreeMap<TypeName, u64>,
    /// Attempts that did not complete their job, by type.
    pub incomplete: BTreeMap<TypeName, u64>,
}

/// Something an operator did.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ActionNote {
    /// What.
    pub action: Text,
    /// Who, as far as it is known.
    pub who: Text,
    /// Why, if they said.
    pub reason: Option<Text>,
}

/// One constructor per body, so that kind and body always agree.
impl Note {
    /// About an attempt of `job`.
    #[must_use]
    pub fn attempt(job: JobId, body: &AttemptNote) -> Self {
        Self { about: About::Job(job), kind: NoteKind::Attempt, at: body.finished, body: written(body) }
    }

    /// A line logged by an attempt of `job`.
    #[must_use]
    pub fn log(job: JobId, at: Timestamp, body: &LogNote) -> Self {
        Self { about: About::Job(job), kind: NoteKind::Log, at, body: written(body) }
    }

    /// A run of `section`.
    #[must_use]
    pub fn run(section: SectionName, body: &RunNote) -> Self {
        Self { about: About::Section(section), kind: NoteKind::Run, at: body.finished, body: written(body) }
    }

    /// An operator's action on what it is `about`.
    #[must_use]
    pub fn action(about: About, at: Timestamp, body: &ActionNote) -> Self {
        Self { about, kind: NoteKind::Action, at, body: written(body) }
    }
}

/// What is made of texts, times, counts and maps of names only is always JSON.
fn written(body: &impl Serialize) -> Json {
    Json::stored(serde_json::to_string(body).unwrap_or_default())
}

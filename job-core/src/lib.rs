//! The core of a background-job system: record, state machine and traits, without I/O, clock or randomness.

#![doc = include_str!("../README.md")]

mod id;
mod json;
mod label;
mod name;
mod text;
mod time;
mod turn;
mod unique;

mod change;
mod job;
mod new_job;
mod note;
mod parts;
mod state;
mod transition;
mod verb;

mod ask;
mod retry;
mod settle;

mod attempt;
mod completion;
mod job_type;
mod runnable;

mod ready;
mod source;
pub mod store;

pub use ask::Ask;
pub use attempt::{Attempt, AttemptHandle, LogLevel, Progress};
pub use change::{Change, IfTaken, Reply, Then};
pub use completion::{AttemptLost, Completed, Completion, CompletionParts};
pub use id::{ActorId, IdPrefix, IdPrefixError, JobId};
pub use job::{Job, JobSpec};
pub use job_type::{Description, JobType, Plain, Reporting, Transactional, TypeInfo};
pub use json::{DecodeError, Json, JsonError, JsonLimits};
pub use label::{LabelError, Requester, Tag, Target};
pub use name::{LockName, NameError, QueueName, SectionName, TypeName};
pub use new_job::{DraftError, NewJob, Options};
pub use note::{About, ActionNote, AttemptNote, LogNote, Note, NoteFilter, NoteKind, Noted, RunNote};
pub use parts::{Inconsistent, StateParts};
pub use ready::Ready;
pub use retry::{AgeStep, Backoff, OwnDelay, RetryPolicy, Setback};
pub use runnable::{RunnableJob, TransactionalJob};
pub use settle::{Notice, Outcome, Policy, Verdict, settle};
pub use source::{Acquired, AcquiredId, JobSource, SourceError, TypedJob};
pub use state::{COUNT_MAX, JobState, JobStatus, Lease, Phase, Revision};
pub use text::Text;
pub use time::{Clock, Start, Timestamp, TimestampError};
pub use transition::{InvalidTransition, Verb};
pub use turn::Turn;
pub use unique::{Unique, UniqueKey, UniqueScope};

/// Any error, boxed: what a handler may fail with and what a store keeps as the source of its own errors.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A boxed future, for the few places where a future must be an object.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

//! What can be wrong with a registry or a section before anything runs.

use job_core::{NameError, QueueName, TypeName};
use std::time::Duration;

/// A registry and a section that do not fit together. Named by what has to be changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two job types have one name: stored jobs of that name would be ambiguous.
    #[error("two job types are named `{name}`; give one of them another TYPE")]
    DuplicateType {
        /// The name.
        name: TypeName,
    },
    /// A type, or a queue of it, has a name that cannot be one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The section names a type that is not registered.
    #[error("no job type `{name}` is registered{}", listed(.known))]
    UnknownType {
        /// The name.
        name: TypeName,
        /// Those that are registered.
        known: Vec<TypeName>,
    },
    /// There is nothing that the section could run.
    #[error("no job type is registered; register one before the script is made")]
    NoTypes,
    /// Rows of the type would be pruned before their period ends, and the work be done twice in it.
    #[error(
        "`{name}` keeps its unique key for a period of {period:?}, but final jobs are only kept for {retention:?}; \
         keep them at least that long"
    )]
    RetentionTooShort {
        /// The type.
        name: TypeName,
        /// Its period.
        period: Duration,
        /// How long final jobs are kept.
        retention: Duration,
    },
    /// A job of the type that runs out of time would move to where it is, for ever.
    #[error(
        "the slow queue of `{name}` leads back to where it began: {queue} -> {queue}; name another one, or none: \
         then a job that runs out of time is tried again like one that failed"
    )]
    SlowLane {
        /// The type.
        name: TypeName,
        /// Its queue, and its slow queue.
        queue: QueueName,
    },
    /// The worker would look for work without a pause.
    #[error("a section looks for work and for dead runners now and then: `{setting}` must be more than zero")]
    NoPause {
        /// The setting.
        setting: &'static str,
    },
    /// A time of a section is longer than clocks count.
    #[error("`{setting}` is longer than a hundred years; a section needs a time that comes to its end")]
    TooLong {
        /// The setting.
        setting: &'static str,
    },
    /// Attempts of the type would be over before they start, and begin again for ever.
    #[error("`{name}` has a TIMEOUT of zero, which is no time at all; for no limit, make it Duration::MAX")]
    NoTime {
        /// The type.
        name: TypeName,
    },
    /// A lease would end before a beat that was missed could be made up for.
    #[error("a lease of {lease:?} needs a beat of at most half of it, and more than zero; it is {beat:?}")]
    Beat {
        /// How long a lease lasts.
        lease: Duration,
        /// How often it is renewed.
        beat: Duration,
    },
}

fn listed(known: &[TypeName]) -> String {
    match known {
        [] => String::new(),
        names => {
            let names: Vec<&str> = names.iter().map(TypeName::as_str).collect();
            format!("; those that are: {}", names.join(", "))
        }
    }
}

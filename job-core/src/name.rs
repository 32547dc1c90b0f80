//! Names that code and configuration refer to: of types, queues, sections and locks.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// The longest name, in bytes.
const LONGEST: usize = 100;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// 1 to 100 ASCII letters, digits, `_`, `-`, `.` and `/`. Cheap to clone.
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text.
            ///
            /// # Errors
            ///
            /// [`NameError`] if it is empty, longer than 100 bytes or has another character.
            pub fn new(text: impl AsRef<str>) -> Result<Self, NameError> {
                check($what, text.as_ref()).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(it: $name) -> Self {
                it.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

names! {
    /// The name of a job type, as it stands in the row: [`RunnableJob::TYPE`](crate::RunnableJob::TYPE).
    /// Renaming a type orphans its stored jobs.
    TypeName = "job type";
    /// The name of a queue (a lane). Queues have no order among themselves.
    QueueName = "queue";
    /// The name of a section of the configuration.
    SectionName = "section";
    /// The name of a leased lock, such as `section/code-review`.
    LockName = "lock";
}

impl Default for QueueName {
    /// `default`, the queue of types that name none.
    fn default() -> Self {
        Self(Arc::from("default"))
    }
}

/// A name that cannot be one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` cannot name a {what}: {problem}; use 1 to 100 ASCII letters, digits, `_`, `-`, `.`, `/`")]
pub struct NameError {
    what: &'static str,
    text: String,
    problem: String,
}

fn check(what: &'static str, text: &str) -> Result<Arc<str>, NameError> {
    let stranger = |c: &char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let problem = match text {
        "" => "it is empty".to_owned(),
        _ if text.len() > LONGEST => format!("it is {} bytes long", text.len()),
        _ => match text.chars().find(stranger) {
            Some(c) => format!("it contains {c:?}"),
            None => return Ok(Arc::from(text)),
        },
    };
    Err(NameError { what, text: text.chars().take(LONGEST).collect(), problem })
}

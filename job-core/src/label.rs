//! Short texts in the words of the application: a job's target, tags and requester.

use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// The longest label, in bytes.
const LONGEST: usize = 200;

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// 1 to 200 bytes of text without control characters. Cheap to clone.
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text.
            ///
            /// # Errors
            ///
            /// [`LabelError`] if it is empty, longer than 200 bytes or has a control character.
            pub fn new(text: impl AsRef<str>) -> Result<Self, LabelError> {
                check($what, text.as_ref()).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = LabelError;

            fn try_from(text: String) -> Result<Self, LabelError> {
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

labels! {
    /// What a job is about, such as `proposal 42`: the usual basis of its unique key, and what retention can
    /// keep the newest of.
    Target = "target";
    /// A word to find jobs by.
    Tag = "tag";
    /// Who asked for a job.
    Requester = "requester";
}

/// A text that cannot be a label.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{text:?} cannot be a job's {what}: {problem}; use 1 to 200 bytes without control characters")]
pub struct LabelError {
    what: &'static str,
    text: String,
    problem: &'static str,
}

fn check(what: &'static str, text: &str) -> Result<Arc<str>, LabelError> {
    let problem = if text.is_empty() {
        "it is empty"
    } else if text.len() > LONGEST {
        "it is too long"
    } else if text.chars().any(char::is_control) {
        "it has a control character"
    } else {
        return Ok(Arc::from(text));
    };
    Err(LabelError { what, text: text.chars().take(LONGEST).collect(), problem })
}

//! Turns: what at most one job may run for at a time.

use crate::{TypeName, UniqueKey, unique::shortened};
use std::{fmt, sync::Arc};

/// What at most one job may run for at a time, held by a unique index while the job runs.
///
/// A job whose scope is [`Waiting`](crate::UniqueScope::Waiting) has the turn of its own key, so it never
/// overlaps its successor, unless its type says `OVERLAP = true`. A type may give a turn of its own, which may span types.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Turn(Arc<str>);

impl Turn {
    /// A turn of the application's own: `t:KEY`. Keys beyond 200 bytes are cut and end in their SHA-256;
    /// a NUL, which not every store can keep, becomes `U+FFFD`.
    ///
    /// ```
    /// # use job_core::Turn;
    /// assert_eq!(Turn::new("proposal 42").as_str(), "t:proposal 42");
    /// ```
    #[must_use]
    pub fn new(key: impl fmt::Display) -> Self {
        Self(format!("t:{}", shortened(key.to_string().replace('\0', "\u{fffd}"), UniqueKey::LONGEST)).into())
    }

    /// The turn of a type's unique key: `u:TYPE:KEY`.
    #[must_use]
    pub fn of_key(type_name: &TypeName, key: &UniqueKey) -> Self {
        Self(format!("u:{type_name}:{key}").into())
    }

    /// Wraps what a store kept.
    #[must_use]
    pub fn stored(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

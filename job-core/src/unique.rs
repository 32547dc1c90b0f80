//! Unique keys: what at most one job of a type may hold at a time, and while it is in which status.

use crate::{JobStatus, Json, JsonError, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::{fmt, fmt::Write, sync::Arc, time::Duration};

/// The canonical JSON of any part of a job's args: what makes two jobs of a type the same work.
///
/// Members are sorted, so the order of fields does not matter. At most 200 bytes: a longer key is cut and ends
/// in the SHA-256 of the whole, so two different long keys stay different.
///
/// ```
/// use job_core::UniqueKey;
/// use serde_json::json;
///
/// assert_eq!(UniqueKey::of(&json!({"b": 1, "a": 2}))?.as_str(), r#"{"a":2,"b":1}"#);
/// # Ok::<_, job_core::JsonError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UniqueKey(Arc<str>);

impl UniqueKey {
    /// The longest key, in bytes.
    pub const LONGEST: usize = 200;

    /// The key of `part`.
    ///
    /// # Errors
    ///
    /// [`JsonError`], as for args.
    pub fn of(part: &(impl Serialize + ?Sized)) -> Result<Self, JsonError> {
        let mut canonical: serde_json::Value =
            serde_json::from_str(Json::of(part)?.as_str()).map_err(|source| JsonError::NotJson { source })?;
        // A no-op while serde_json's maps are sorted; somebody else in the build may change that.
        canonical.sort_all_objects();
        Ok(Self(shortened(canonical.to_string(), Self::LONGEST).into()))
    }

    /// `Ok(Some(key of part))`: the whole body of a job type's `unique_key`.
    ///
    /// # Errors
    ///
    /// [`JsonError`], as for args.
    pub fn by(part: &(impl Serialize + ?Sized)) -> Result<Option<Self>, JsonError> {
        Self::of(part).map(Some)
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

    /// This key, once per period: two starts in the same `floor(start / period)` give the same key.
    ///
    /// A period below a microsecond counts as one.
    #[must_use]
    pub fn once_per(&self, period: Duration, start: Timestamp) -> Self {
        let period = i64::try_from(period.as_micros()).unwrap_or(i64::MAX).max(1);
        let number = start.as_micros().div_euclid(period);
        Self(shortened(format!("{}@{number}", self.0), Self::LONGEST).into())
    }
}

impl fmt::Display for UniqueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// While it is in which status a job holds its key. Written into the row beside the key.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum UniqueScope {
    /// Waiting or Suspended: a job that runs no longer stands in the way of the next one. Launchpad's `acquire`.
    #[default]
    Waiting,
    /// Until the job is final.
    Pending,
    /// Until the row is deleted.
    Kept,
}

impl UniqueScope {
    /// Every scope, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Pending, Self::Kept];

    /// Whether a job of this scope holds its key while it is in `status`. The only place that knows.
    #[must_use]
    pub const fn holds(self, status: JobStatus) -> bool {
        match self {
            Self::Waiting => matches!(status, JobStatus::Waiting | JobStatus::Suspended),
            Self::Pending => status.is_pending(),
            Self::Kept => true,
        }
    }

    /// The number a store keeps.
    #[must_use]
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The scope of a stored number.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.number() == number)
    }
}

/// A job's key and its scope.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Unique {
    /// What at most one job of the type may hold.
    pub key: UniqueKey,
    /// While it is in which status.
    pub scope: UniqueScope,
}

impl Unique {
    /// The key, if a job of this scope holds it while in `status`.
    pub(crate) fn held(&self, status: JobStatus) -> Option<UniqueKey> {
        self.scope.holds(status).then(|| self.key.clone())
    }
}

/// `text` if it fits in `longest` bytes, else its beginning and the SHA-256 of the whole.
pub(crate) fn shortened(text: String, longest: usize) -> String {
    if text.len() <= longest {
        return text;
    }
    let digest = Sha256::digest(text.as_bytes());
    let mut end = longest - 1 - 2 * digest.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut short = text;
    let whole = digest.iter().fold(String::from("~"), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // Writing to a String cannot fail.
        hex
    });
    short.truncate(end);
    short + &whole
}

//! Who is who: jobs, and the actors that change them.

use serde::{Deserialize, Serialize};
use std::{fmt, ops::RangeInclusive, str::FromStr};
use uuid::Uuid;

/// A job's identity: a `UUIDv7`, made by the store's [`mint`](crate::store::JobStore::mint) before the insert.
///
/// Because the client knows the id first, an insert whose reply was lost can be sent again, and results match
/// their inputs whatever order the database returns them in. Ids of one store handle grow.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(transparent)]
pub struct JobId(Uuid);

impl JobId {
    /// The smallest and the greatest id there can be; bounds for ranges, never ids of jobs.
    pub const BOUNDS: RangeInclusive<Self> = Self(Uuid::nil())..=Self(Uuid::max());

    /// The id for `millis` milliseconds since 1970 and ten bytes of counter and randomness, of which version and
    /// variant overwrite six bits: the upper four of `rest[0]` and the upper two of `rest[2]`.
    #[must_use]
    pub fn v7(millis: u64, rest: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid())
    }

    /// Wraps what a store kept.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// What a store keeps.
    #[must_use]
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }

    /// The first `digits` hexadecimal digits, 12 to 32: an [`IdPrefix`] that people can type.
    #[must_use]
    pub fn prefix(&self, digits: usize) -> String {
        let mut text = self.0.simple().to_string();
        text.truncate(digits.clamp(12, 32));
        text
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// Who applied a change: a fresh id per process, and per command for operators.
///
/// A write whose reply was lost is recognised by it when it is sent again
/// ([`Reply::AlreadyApplied`](crate::Reply::AlreadyApplied)), so it must never be reused by another process.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(transparent)]
pub struct ActorId(Uuid);

impl ActorId {
    /// Wraps a fresh UUID, such as that of an id which a store has just minted, or what a store kept.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// What a store keeps.
    #[must_use]
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// The first digits of a job's id, as a person types them: a range of the primary key.
///
/// ```
/// use job_core::IdPrefix;
///
/// let prefix: IdPrefix = "0193-5f".parse()?;
/// let range = prefix.range();
/// assert!(range.start().to_string().starts_with("01935f000"));
/// assert!(range.end().to_string().starts_with("01935ffff"));
/// # Ok::<_, job_core::IdPrefixError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdPrefix {
    digits: String,
}

impl IdPrefix {
    /// All ids that begin with these digits.
    #[must_use]
    pub fn range(&self) -> RangeInclusive<JobId> {
        let end = |fill: char| {
            let text: String = self.digits.chars().chain(std::iter::repeat(fill)).take(32).collect();
            JobId(Uuid::try_parse(&text).unwrap_or_else(|_| unreachable!("32 hexadecimal digits are a UUID")))
        };
        end('0')..=end('f')
    }
}

impl FromStr for IdPrefix {
    type Err = IdPrefixError;

    fn from_str(text: &str) -> Result<Self, IdPrefixError> {
        let digits: String = text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
        match digits.len() {
            1..=32 if digits.chars().all(|c| c.is_ascii_hexdigit()) => Ok(Self { digits }),
            _ => Err(IdPrefixError { text: text.to_owned() }),
        }
    }
}

impl fmt::Display for IdPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits)
    }
}

/// The text cannot be the beginning of an id.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not the beginning of a job's id: 1 to 32 hexadecimal digits, hyphens ignored")]
pub struct IdPrefixError {
    text: String,
}

//! Points in time: microseconds, the precision that every store can keep.

use serde::{Deserialize, Serialize};
use std::{fmt, ops::Add, str::FromStr, time::Duration};

/// A point in time in UTC, with microseconds, between the years 1 and 9999.
///
/// Arithmetic saturates at the two ends, so a delay computed from a huge attempt number is never an overflow.
///
/// ```
/// use job_core::Timestamp;
/// use std::time::Duration;
///
/// let noon: Timestamp = "2026-11-24T12:00:00Z".parse()?;
/// assert_eq!((noon + Duration::from_millis(1500)).to_string(), "2026-11-24T12:00:01.500000Z");
/// assert_eq!(noon + Duration::MAX, Timestamp::MAX);
/// # Ok::<_, job_core::TimestampError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp {
    micros: i64,
}

impl Timestamp {
    /// The start of the year 1.
    pub const MIN: Self = Self { micros: -62_135_596_800_000_000 };
    /// The start of 1970, where microseconds are counted from.
    pub const EPOCH: Self = Self { micros: 0 };
    /// The last hours of the year 9999.
    pub const MAX: Self = Self { micros: 253_402_207_200_000_000 };

    /// The point `micros` microseconds after [`EPOCH`](Self::EPOCH), moved into `MIN..=MAX` if it lies outside.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self { micros: micros.clamp(Self::MIN.micros, Self::MAX.micros) }
    }

    /// Microseconds since [`EPOCH`](Self::EPOCH); negative before it.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.micros
    }

    /// How long after `earlier` this is; zero if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.micros - earlier.micros).unwrap_or(0))
    }

    /// This point moved back by `by`, at most to [`MIN`](Self::MIN).
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        Self::from_micros(self.micros.saturating_sub(whole_micros(by)))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self::from_micros(self.micros.saturating_add(whole_micros(later)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = jiff::Timestamp::from_microsecond(self.micros).map_err(|_| fmt::Error)?;
        write!(f, "{civil:.6}")
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let parsed: jiff::Timestamp =
            text.parse().map_err(|source| TimestampError { text: text.to_owned(), source })?;
        Ok(Self::from_micros(parsed.as_microsecond()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, TimestampError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(it: Timestamp) -> Self {
        it.to_string()
    }
}

/// The text is not a point in time.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not a point in time; write it as 2026-11-24T12:00:00Z")]
pub struct TimestampError {
    text: String,
    source: jiff::Error,
}

/// Whose time a store call goes by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Clock {
    /// The store's own clock, read inside the statement: the one clock that all runners share. Production.
    #[default]
    Store,
    /// The given time: tests and simulation.
    At(Timestamp),
}

/// When a new job may start; resolved by the store's clock as it is inserted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Start {
    /// As soon as a runner is free.
    #[default]
    Now,
    /// Not before this much time has passed.
    In(Duration),
    /// Not before this point.
    At(Timestamp),
}

impl Start {
    /// The scheduled start, given the store's time at the insert.
    #[must_use]
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Now => now,
            Self::In(delay) => now + delay,
            Self::At(at) => at,
        }
    }
}

fn whole_micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

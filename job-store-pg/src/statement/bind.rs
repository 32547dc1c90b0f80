//! What is bound to a statement.

use diesel::{
    QueryResult,
    pg::{Pg, data_types::PgTimestamp},
    query_builder::AstPass,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use job_core::{ActorId, Clock, JobId, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// 2000-01-01, from where `PostgreSQL` counts, in microseconds since 1970.
const ORIGIN: i64 = 946_684_800_000_000;

macro_rules! binds {
    ($($(#[$doc:meta])* $one:ident $many:ident $rust:ty, $sql:ty, $name:literal;)*) => {
        /// A value, or a column of values.
        #[derive(Debug)]
        pub(crate) enum Bind<'a> {
            $(
                $(#[$doc])*
                $one(Option<$rust>),
                $(#[$doc])*
                $many(Vec<Option<$rust>>),
            )*
            /// A truth value.
            Flag(bool),
            /// No list of texts.
            NoTexts,
        }

        impl Bind<'_> {
            /// Binds it at the next place.
            pub(crate) fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                match self {
                    $(
                        Self::$one(value) => out.push_bind_param::<Nullable<$sql>, _>(value),
                        Self::$many(values) => out.push_bind_param::<Array<Nullable<$sql>>, _>(values),
                    )*
                    Self::Flag(value) => out.push_bind_param::<Bool, _>(value),
                    Self::NoTexts => out.push_bind_param::<Nullable<Array<Text>>, _>(&None::<Vec<&str>>),
                }
            }

            /// The first of a column, alone.
            pub(crate) fn first(self) -> Self {
                match self {
                    $(Self::$many(values) => Self::$one(values.into_iter().next().flatten()),)*
                    one => one,
                }
            }

            /// Its type, as SQL names it.
            pub(crate) const fn cast(&self) -> &'static str {
                match self {
                    $(
                        Self::$one(_) => $name,
                        Self::$many(_) => concat!($name, "[]"),
                    )*
                    Self::Flag(_) => "boolean",
                    Self::NoTexts => "text[]",
                }
            }
        }
    };
}

binds! {
    /// An id.
    Id Ids Uuid, SqlUuid, "uuid";
    /// A number.
    Number Numbers i64, BigInt, "bigint";
    /// A text.
    Text Texts &'a str, Text, "text";
    /// A point in time.
    Time Times PgTimestamp, Timestamptz, "timestamptz";
}

impl<'a> Bind<'a> {
    /// The given time; NULL for the store's own.
    pub(crate) fn clock(clock: Clock) -> Self {
        match clock {
            Clock::Store => Self::Time(None),
            Clock::At(at) => Self::Time(Some(time(at))),
        }
    }

    /// A duration in microseconds; one that leads behind the end of time is cut to one that does.
    pub(crate) fn duration(duration: Duration) -> Self {
        Self::Number(Some(micros(duration)))
    }

    /// A column of ids.
    pub(crate) fn ids(ids: impl IntoIterator<Item = JobId>) -> Self {
        Self::Ids(ids.into_iter().map(|it| Some(*it.as_uuid())).collect())
    }

    /// A column of texts.
    pub(crate) fn texts(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Texts(texts.into_iter().map(Some).collect())
    }

    /// A column of what `value` gives for each of `items`.
    pub(crate) fn numbers<T>(items: &[T], value: impl Fn(&T) -> i64) -> Self {
        Self::Numbers(items.iter().map(|it| Some(value(it))).collect())
    }
}

impl From<JobId> for Bind<'_> {
    fn from(it: JobId) -> Self {
        Self::Id(Some(*it.as_uuid()))
    }
}

impl From<ActorId> for Bind<'_> {
    fn from(it: ActorId) -> Self {
        Self::Id(Some(*it.as_uuid()))
    }
}

impl From<Timestamp> for Bind<'_> {
    fn from(it: Timestamp) -> Self {
        Self::Time(Some(time(it)))
    }
}

impl From<i64> for Bind<'_> {
    fn from(it: i64) -> Self {
        Self::Number(Some(it))
    }
}

impl<'a> From<&'a str> for Bind<'a> {
    fn from(it: &'a str) -> Self {
        Self::Text(Some(it))
    }
}

/// As `PostgreSQL` counts.
pub(crate) fn time(it: Timestamp) -> PgTimestamp {
    PgTimestamp(it.as_micros() - ORIGIN)
}

/// As we count; what lies beyond our ends, such as `infinity`, is one of them.
pub(crate) fn timestamp(it: PgTimestamp) -> Timestamp {
    Timestamp::from_micros(it.0.saturating_add(ORIGIN))
}

/// A duration in microseconds, at most from one end of time to the other.
pub(crate) fn micros(duration: Duration) -> i64 {
    let all_time = Timestamp::MAX.as_micros() - Timestamp::MIN.as_micros();
    i64::try_from(duration.as_micros()).unwrap_or(all_time).min(all_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_microseconds() {
        for it in [Timestamp::MIN, Timestamp::EPOCH, Timestamp::MAX] {
            assert_eq!(timestamp(time(it)), it);
        }
        assert_eq!(timestamp(PgTimestamp(i64::MAX)), Timestamp::MAX);
        assert_eq!(timestamp(PgTimestamp(i64::MIN)), Timestamp::MIN);
    }
}

//! A row's columns, read one after the other; what does not decode is noted, and reading goes on.

use crate::statement::bind::timestamp;
use diesel::{
    deserialize::FromSql,
    pg::{Pg, data_types::PgTimestamp},
    row::{Field, Row},
    sql_types::{Array, BigInt, Integer, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use job_core::{ActorId, BoxError, JobId, Timestamp};
use std::sync::Arc;
use uuid::Uuid;

/// The columns of a row, from the first.
///
/// A column that does not decode gives `None`, and the first such problem is kept for [`problem`](Self::problem).
pub(crate) struct Fields<'r, R> {
    row: &'r R,
    at: usize,
    problem: Option<BoxError>,
}

impl<'r, 'a, R: Row<'a, Pg>> Fields<'r, R> {
    pub(crate) fn of(row: &'r R) -> Self {
        Self { row, at: 0, problem: None }
    }

    /// The columns from the one that comes that many behind the next.
    pub(crate) fn ahead(&self, by: usize) -> Self {
        Self { row: self.row, at: self.at + by, problem: None }
    }

    /// What was wrong since this was last asked.
    pub(crate) fn problem(&mut self) -> Option<BoxError> {
        self.problem.take()
    }

    /// The next column as a `bigint`, if it is not NULL.
    pub(crate) fn number(&mut self) -> Option<i64> {
        self.read::<BigInt, i64>()
    }

    /// The next column as an `integer` that is not negative, if it is not NULL.
    pub(crate) fn count(&mut self) -> Option<u32> {
        let number = self.read::<Integer, i32>()?;
        self.checked(u32::try_from(number))
    }

    /// The next column as a `smallint`, if it is not NULL.
    pub(crate) fn small(&mut self) -> Option<i16> {
        self.read::<SmallInt, i16>()
    }

    /// The next column as a time, if it is not NULL.
    pub(crate) fn time(&mut self) -> Option<Timestamp> {
        self.read::<Timestamptz, PgTimestamp>().map(timestamp)
    }

    /// The next column as a truth value; false if it is NULL.
    pub(crate) fn flag(&mut self) -> bool {
        self.read::<diesel::sql_types::Bool, bool>().unwrap_or_default()
    }

    /// The next column as a text, if it is not NULL.
    pub(crate) fn text(&mut self) -> Option<Arc<str>> {
        self.parsed(|text| Ok::<_, BoxError>(Arc::from(text)))
    }

    /// The next column as texts, if it is not NULL.
    pub(crate) fn texts(&mut self) -> Option<Vec<String>> {
        self.read::<Array<Text>, Vec<String>>()
    }

    /// The next column as what `parse` makes of its text, if it is not NULL. The binary form of `json` is its text.
    pub(crate) fn parsed<T, E: Into<BoxError>>(
        &mut self,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let field = self.row.get(self.at)?;
        self.at += 1;
        let value = field.value()?;
        let text = self.checked(std::str::from_utf8(value.as_bytes()))?;
        self.checked(parse(text))
    }

    /// The next column as a job's id, if it is not NULL.
    pub(crate) fn job_id(&mut self) -> Option<JobId> {
        self.read::<SqlUuid, Uuid>().map(JobId::from_uuid)
    }

    /// The next column as jobs' ids, if it is not NULL.
    pub(crate) fn job_ids(&mut self) -> Option<Vec<JobId>> {
        let ids = self.read::<Array<SqlUuid>, Vec<Uuid>>()?;
        Some(ids.into_iter().map(JobId::from_uuid).collect())
    }

    /// The next column as an actor, if it is not NULL.
    pub(crate) fn actor_id(&mut self) -> Option<ActorId> {
        self.read::<SqlUuid, Uuid>().map(ActorId::from_uuid)
    }

    /// `result`'s value; its error is noted.
    pub(crate) fn checked<T, E: Into<BoxError>>(&mut self, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem.get_or_insert_with(|| error.into());
                None
            }
        }
    }

    fn read<ST, T: FromSql<ST, Pg>>(&mut self) -> Option<T> {
        let field = self.row.get(self.at)?;
        self.at += 1;
        let value = field.value()?;
        self.checked(T::from_sql(value))
    }
}

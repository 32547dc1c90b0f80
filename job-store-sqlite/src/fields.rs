//! A row's columns, read one after the other; what does not decode is noted, and reading goes on.

use diesel::{
    row::{Field, Row},
    sqlite::{Sqlite, SqliteValue},
};
use job_core::{ActorId, BoxError, JobId, Timestamp};
use std::sync::Arc;

/// The columns of a row, from the first.
///
/// A column that does not decode gives `None`, and the first such problem is kept for [`problem`](Self::problem).
pub(crate) struct Fields<'r, R> {
    row: &'r R,
    at: usize,
    is_plain: bool,
    problem: Option<BoxError>,
}

impl<'r, 'a, R: Row<'a, Sqlite>> Fields<'r, R> {
    pub(crate) fn of(row: &'r R) -> Self {
        Self::at(row, 0)
    }

    /// The columns from this position.
    pub(crate) fn at(row: &'r R, at: usize) -> Self {
        Self { row, at, is_plain: false, problem: None }
    }

    /// The same, where the row is known to have none of the [`seldom`](Self::seldom) ones if `is_plain`.
    pub(crate) fn of_plain(row: &'r R, is_plain: bool) -> Self {
        Self { is_plain, ..Self::of(row) }
    }

    /// The next column, which few rows have: it is not even looked at where the row is known not to.
    pub(crate) fn seldom<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.is_plain {
            self.at += 1;
            return None;
        }
        read(self)
    }

    /// What was wrong since this was last asked.
    pub(crate) fn problem(&mut self) -> Option<BoxError> {
        self.problem.take()
    }

    /// The next column as a number, if it is not NULL.
    pub(crate) fn number(&mut self) -> Option<i64> {
        self.value(|mut value| value.read_long())
    }

    /// The next column as a number in the range of `N`.
    pub(crate) fn counted<N: TryFrom<i64, Error: Into<BoxError>>>(&mut self) -> Option<N> {
        let number = self.number()?;
        self.checked(N::try_from(number))
    }

    /// The next column as a time, if it is not NULL.
    pub(crate) fn time(&mut self) -> Option<Timestamp> {
        self.number().map(Timestamp::from_micros)
    }

    /// The next column as a text, if it is not NULL.
    pub(crate) fn text(&mut self) -> Option<Arc<str>> {
        self.parsed(|text| Ok::<_, BoxError>(Arc::from(text)))
    }

    /// The next column as what `parse` makes of its text, if it is not NULL.
    pub(crate) fn parsed<T, E: Into<BoxError>>(
        &mut self,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = self.value(|mut value| {
            let text = value.read_text();
            // Diesel gives U+FFFD in the place of bytes that are not UTF-8, so only such texts are looked at again.
            let is_suspect = text.contains(char::REPLACEMENT_CHARACTER);
            let parsed = parse(text).map_err(Into::into);
            if is_suspect && std::str::from_utf8(value.read_blob()).is_err() {
                return Err("a text is not UTF-8".into());
            }
            parsed
        });
        self.checked(parsed?)
    }

    /// The next column as a job's id, if it is not NULL.
    pub(crate) fn job_id(&mut self) -> Option<JobId> {
        self.uuid().map(JobId::from_uuid)
    }

    /// The next column as an actor, if it is not NULL.
    pub(crate) fn actor_id(&mut self) -> Option<ActorId> {
        self.uuid().map(ActorId::from_uuid)
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

    fn uuid(&mut self) -> Option<uuid::Uuid> {
        let uuid = self.value(|mut value| uuid::Uuid::from_slice(value.read_blob()))?;
        self.checked(uuid)
    }

    fn value<T>(&mut self, read: impl FnOnce(SqliteValue<'_, '_, '_>) -> T) -> Option<T> {
        let field = self.row.get(self.at)?;
        self.at += 1;
        field.value().map(read)
    }
}

//! What SQLite says, named by what the caller can do about it.

use diesel::result::{DatabaseErrorKind, Error};
use job_core::{BoxError, store::StoreError};

/// The store error that `error` means.
///
/// Diesel keeps SQLite's message, not its code. The messages are fixed texts of SQLite, one for each code.
pub(crate) fn store_error(error: Error) -> StoreError {
    let kind = Kind::of(&error);
    kind.of_source(error.into())
}

/// Whether `error` is of a unique index.
pub(crate) fn is_unique_violation(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}

/// Whether `error` is of a row that another table refers to.
pub(crate) fn is_foreign_key_violation(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _))
}

/// What the caller can do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Try again.
    Unavailable,
    /// Get the permission.
    Denied,
    /// Migrate, or update the program.
    Schema,
    /// Look at the disk, or at our code.
    Other,
}

impl Kind {
    /// Of what Diesel gives.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::DatabaseError(DatabaseErrorKind::Unknown, info) => Self::of_message(info.message()),
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::of(commit_error),
            _ => Self::Other,
        }
    }

    /// Of SQLite's message.
    pub(crate) fn of_message(message: &str) -> Self {
        let begins = |texts: &[&str]| texts.iter().any(|text| message.starts_with(text));
        if begins(&[
            "database is locked",
            "database table is locked",
            "database schema is locked",
            "database schema has changed",
            "locking protocol",
            "unable to open database file",
            "interrupted",
        ]) {
            Self::Unavailable
        } else if begins(&[
            "attempt to write a readonly database",
            "access permission denied",
            "not authorized",
        ]) {
            Self::Denied
        } else if begins(&["no such table", "no such column", "no such index", "table "]) {
            Self::Schema
        } else {
            Self::Other
        }
    }

    /// The store error with this source.
    pub(crate) fn of_source(self, source: BoxError) -> StoreError {
        match self {
            Self::Unavailable => StoreError::Unavailable(source),
            Self::Denied => StoreError::Denied(source),
            Self::Schema => StoreError::Schema(source),
            Self::Other => StoreError::Other(source),
        }
    }
}

//! What PostgreSQL says, named by what the caller can do about it.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};
use job_core::{BoxError, store::StoreError};
use std::{error, iter, sync::Arc, time::Duration};

/// What went wrong inside a store call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// PostgreSQL or the connection.
    #[error(transparent)]
    Database(#[from] Error),
    /// What the store says about it already.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing came from the server for so long that the connection is given up.
    #[error("the server has said nothing for {0:?}; the connection is given up")]
    Silent(Duration),
    /// The connection was lost on the way: whether it was done is not known.
    #[error(transparent)]
    InDoubt(StoreError),
}

impl CallError {
    /// What it is.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Database(error) => Kind::of(error),
            Self::Silent(_) => Kind::Lost,
            Self::InDoubt(_) => Kind::InDoubt,
            Self::Store(StoreError::Unavailable(_)) => Kind::Conflict,
            Self::Store(StoreError::Corrupt { .. }) => Kind::Row,
            Self::Store(_) => Kind::Other,
        }
    }
}

impl From<CallError> for StoreError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Database(error) => store_error(error),
            CallError::Store(error) | CallError::InDoubt(error) => error,
            silent @ CallError::Silent(_) => Self::Unavailable(silent.to_string().into()),
        }
    }
}

/// The store error that `error` means.
pub(crate) fn store_error(error: Error) -> StoreError {
    let kind = Kind::of(&error);
    let source: BoxError = error.into();
    match kind {
        Kind::Lost
        | Kind::InDoubt
        | Kind::Conflict
        | Kind::Locked
        | Kind::Cancelled
        | Kind::Replan
        | Kind::Exhausted => StoreError::Unavailable(source),
        Kind::Denied => StoreError::Denied(source),
        Kind::Schema => StoreError::Schema(source),
        Kind::Key | Kind::Referred | Kind::Row | Kind::Other => StoreError::Other(source),
    }
}

/// The same error, as often as it is wanted.
pub(crate) fn shared(error: StoreError) -> impl Iterator<Item = StoreError> {
    let (of, source): (fn(BoxError) -> StoreError, BoxError) = match error {
        StoreError::Unavailable(source) => (StoreError::Unavailable, source),
        StoreError::Denied(source) => (StoreError::Denied, source),
        StoreError::Schema(source) => (StoreError::Schema, source),
        StoreError::Other(source) => (StoreError::Other, source),
        error => (StoreError::Other, error.into()),
    };
    let source: Arc<dyn error::Error + Send + Sync> = source.into();
    iter::repeat_with(move || of(Box::new(source.clone())))
}

/// What an error of the database is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// The connection is gone, or the server is going.
    Lost,
    /// The connection went while a call was under way that must not be made twice.
    InDoubt,
    /// A deadlock or a serialization failure: one of those who met was asked to step back.
    Conflict,
    /// A lock was waited for too long.
    Locked,
    /// The statement was cancelled, or took too long.
    Cancelled,
    /// The tables changed under a prepared statement: a new connection prepares it anew.
    Replan,
    /// The server has no room for more just now.
    Exhausted,
    /// A unique index.
    Key,
    /// A row of the application refers to the job.
    Referred,
    /// Another rule of the table, or a value.
    Row,
    /// A missing permission.
    Denied,
    /// A missing table or column.
    Schema,
    /// Anything else.
    Other,
}

impl Kind {
    /// Of what Diesel gives.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::DatabaseError(kind, info) => match kind {
                DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection => Self::Lost,
                DatabaseErrorKind::SerializationFailure => Self::Conflict,
                DatabaseErrorKind::UniqueViolation => Self::Key,
                DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => {
                    Self::Referred
                }
                DatabaseErrorKind::NotNullViolation | DatabaseErrorKind::CheckViolation => Self::Row,
                DatabaseErrorKind::ReadOnlyTransaction => Self::Lost, // A standby that is to be left for the primary.
                _ => Self::of_message(info.message()),
            },
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::of(commit_error),
            Error::BrokenTransactionManager => Self::Lost,
            _ => Self::Other,
        }
    }

    /// Of the server's message. Diesel keeps no code for these; the messages are fixed texts of PostgreSQL, one for
    /// each code, and our connections ask for them untranslated.
    fn of_message(message: &str) -> Self {
        let is = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
        if is(&["deadlock detected"]) {
            Self::Conflict
        } else if is(&["due to lock timeout"]) {
            Self::Locked
        } else if is(&["canceling statement"]) {
            Self::Cancelled
        } else if is(&["cached plan must not change", "prepared statement \"s"]) {
            Self::Replan
        } else if is(&["terminating connection", "the database system is", "server closed the connection"]) {
            Self::Lost
        } else if is(&["too many clients", "remaining connection slots", "out of shared memory"]) {
            Self::Exhausted
        } else if is(&["permission denied", "must be owner", "must be member", "must be superuser"]) {
            Self::Denied
        } else if is(&["does not exist"]) {
            Self::Schema
        } else if is(&[
            "invalid input syntax",
            "out of range",
            "invalid byte sequence",
            "unsupported Unicode",
        ]) {
            Self::Row
        } else {
            Self::Other
        }
    }

    /// Whether the same statement may succeed if it is sent again.
    pub(crate) const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Lost | Self::Conflict | Self::Locked | Self::Cancelled | Self::Replan | Self::Exhausted
        )
    }

    /// Whether a batch should be tried again row by row: one row may spoil it for its neighbours.
    pub(crate) const fn is_of_a_row(self) -> bool {
        matches!(self, Self::Conflict | Self::Locked | Self::Key | Self::Referred | Self::Row)
    }

    /// Whether it may be about one row of a batch: also what a trigger of the application's says, which may read like
    /// anything.
    pub(crate) const fn may_be_of_a_row(self) -> bool {
        !matches!(self, Self::Lost | Self::InDoubt | Self::Cancelled | Self::Replan | Self::Exhausted)
    }

    /// Whether the connection is of no more use.
    pub(crate) const fn ends_connection(self) -> bool {
        matches!(self, Self::Lost | Self::Replan | Self::Other)
    }
}

/// The name of the index that `error` is about, if it is about one.
pub(crate) fn violated(error: &CallError) -> Option<&str> {
    match error {
        CallError::Database(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info)) => {
            DatabaseErrorInformation::constraint_name(&**info)
        }
        _ => None,
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
    use std::{fs, path::Path};

    /// What SQLite says when `sql` is run on `file`.
    fn says(file: &Path, flags: &str, sql: &str) -> StoreError {
        let mut conn = SqliteConnection::establish(&format!("file:{}{flags}", file.display())).unwrap();
        store_error(conn.batch_execute(sql).expect_err(sql))
    }

    #[test]
    fn errors_of_a_real_file_are_named_by_what_the_caller_can_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("real.sqlite3");
        let mut other = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        other.batch_execute("CREATE TABLE job (n INTEGER PRIMARY KEY)").unwrap();

        assert!(matches!(says(&file, "?mode=ro", "INSERT INTO job VALUES (1)"), StoreError::Denied(_)));
        for missing in ["SELECT 1 FROM job_note", "SELECT args FROM job", "INSERT INTO job (id) VALUES (1)"] {
            assert!(matches!(says(&file, "", missing), StoreError::Schema(_)), "{missing}");
        }
        let indexed = "SELECT 1 FROM job INDEXED BY job_due";
        assert!(matches!(says(&file, "", indexed), StoreError::Schema(_)));
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        let locked = says(&file, "", "BEGIN IMMEDIATE");
        assert!(locked.is_transient(), "{locked:?}");
        other.batch_execute("COMMIT").unwrap();

        let full = "PRAGMA max_page_count = 1; INSERT INTO job SELECT value FROM json_each('[1]'); CREATE TABLE big (n)";
        assert!(matches!(says(&file, "", full), StoreError::Other(_)));
        let twice = "INSERT INTO job VALUES (1), (1)";
        assert!(matches!(says(&file, "", twice), StoreError::Other(_)));
        fs::write(&file, [b'x'; 4096]).unwrap();
        assert!(matches!(says(&file, "", "SELECT 1 FROM job"), StoreError::Other(_)));
    }

    /// Also where only the message of an error of opening is there.
    #[test]
    fn a_file_that_cannot_be_opened_may_be_there_later() {
        assert_eq!(Kind::of_message("unable to open database file"), Kind::Unavailable);
    }
}

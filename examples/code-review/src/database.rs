//! The context of every job: the file that holds the proposals, and the jobs.

use crate::{Error, schema};
use diesel::{Connection, SqliteConnection};
use job_core::BoxError;
use std::{path::absolute, sync::Arc};

/// The file that holds the proposals and the jobs. Cheap to clone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Database {
    path: Arc<str>,
}

impl Database {
    /// The database of the store with this URL. Opens nothing.
    ///
    /// # Errors
    ///
    /// If it is no `sqlite:` URL.
    pub fn of(url: &str) -> Result<Self, BoxError> {
        let file = url.strip_prefix("sqlite:").ok_or_else(|| {
            format!("proposals are kept in the file of the jobs: the store must be `sqlite:PATH`, not {url}")
        })?;
        // As the store reads it, and absolute, so that nothing in it has a meaning to SQLite.
        let file = match file.strip_prefix("//").unwrap_or(file) {
            "" => "jobs.sqlite3",
            file => file,
        };
        let path = absolute(file)?.into_os_string().into_string();
        let path = path.map_err(|path| format!("the path {} is not UTF-8", path.display()))?;
        Ok(Self { path: path.into() })
    }

    /// The same, with the example's own tables in it.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub fn set_up(self) -> Result<Self, Error> {
        schema::create(&mut self.connect()?)?;
        Ok(self)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A connection of the application's own. Opening one takes less than a millisecond, so every job has its own.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub fn connect(&self) -> Result<SqliteConnection, Error> {
        let mut conn = SqliteConnection::establish(&self.path)?;
        job_store_sqlite::prepare(&mut conn)?;
        Ok(conn)
    }
}

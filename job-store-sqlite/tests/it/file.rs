//! A new file for each test, handles and connections on it, and a job type.

use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, dsl::sql, sql_types};
use job_core::{
    Attempt, BoxError, Clock, JobSource, JsonError, RunnableJob, TypeName, UniqueKey, store::Claim,
};
use job_store_sqlite::{SqliteStore, prepare};
use job_testing::factory;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc};
use tempfile::TempDir;

/// A file in a folder of its own, which goes with it.
pub(crate) struct File {
    pub(crate) folder: TempDir,
    pub(crate) path: PathBuf,
}

impl File {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.sqlite3");
        Self { folder, path }
    }

    /// A new handle.
    pub(crate) async fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.path).await.unwrap()
    }

    /// An application's connection, set up as it should be.
    pub(crate) fn conn(&self) -> SqliteConnection {
        let mut conn = SqliteConnection::establish(self.path.to_str().unwrap()).unwrap();
        prepare(&mut conn).unwrap();
        conn
    }

    /// Runs SQL past the store.
    pub(crate) fn run(&self, sql: &str) {
        self.conn().batch_execute(sql).unwrap();
    }

    /// The number that a query gives.
    pub(crate) fn number(&self, query: &str) -> i64 {
        number(&mut self.conn(), query)
    }
}

/// The number that a query gives.
pub(crate) fn number(conn: &mut SqliteConnection, query: &str) -> i64 {
    diesel::select(sql::<sql_types::BigInt>(&format!("({query})"))).get_result(conn).unwrap()
}

/// A job with a unique key.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Email {
    pub(crate) to: String,
}

impl RunnableJob for Email {
    const TYPE: &'static str = "email";
    type Error = BoxError;

    async fn run(self, _: Attempt) -> Result<(), BoxError> {
        Ok(())
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
        UniqueKey::by(&self.to)
    }
}

/// A job to `to`.
#[expect(clippy::needless_pass_by_value, reason = "a test reads best with the value itself")]
pub(crate) fn email(to: impl ToString) -> Email {
    Email { to: to.to_string() }
}

/// The e-mails of a store.
pub(crate) fn emails(store: &SqliteStore) -> JobSource<Email> {
    JobSource::new(Arc::new(store.clone()))
}

/// A claim of `limit` e-mails by `actor`, by the store's clock.
pub(crate) fn claim(actor: u128, limit: u32) -> Claim {
    Claim {
        by: factory::actor(actor),
        types: vec![TypeName::new(Email::TYPE).unwrap()],
        limit: factory::limit(limit),
        ..factory::claim(Clock::Store)
    }
}

//! A ledger of effects in the store's own file, and the jobs that enter one each.

use diesel::{
    Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query, sql_types::Binary,
};
use job_core::{Attempt, BoxError, Completed, Completion, JobId, RunnableJob, TransactionalJob};
use job_store_sqlite::{complete_in, prepare};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::task::spawn_blocking;

/// Where in a handler the process waits for its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Moment {
    Before,
    InTransaction,
    AfterCommit,
}

impl Moment {
    pub(crate) const ALL: [Self; 3] = [Self::Before, Self::InTransaction, Self::AfterCommit];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| format!("{it:?}") == name)
    }
}

/// The application's own connection, and when its process is to stand still.
#[derive(Clone)]
pub(crate) struct Ledger {
    conn: Arc<Mutex<SqliteConnection>>,
    starts: Arc<AtomicU32>,
    still: Option<(u32, Moment)>,
    /// Called when the process stands still.
    tell: fn(),
}

impl Ledger {
    /// The ledger in `file`, made if it is not there. At the given start of a [`Sure`] job, it stands still at the
    /// given moment.
    pub(crate) fn open(file: &Path, still: Option<(u32, Moment)>, tell: fn()) -> Self {
        let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        prepare(&mut conn).unwrap();
        conn.batch_execute("CREATE TABLE IF NOT EXISTS effect (job BLOB NOT NULL)").unwrap();
        Self { conn: Arc::new(Mutex::new(conn)), starts: Arc::default(), still, tell }
    }

    fn stand(&self, start: u32, moment: Moment) {
        if self.still == Some((start, moment)) {
            (self.tell)();
            loop {
                std::thread::park();
            }
        }
    }
}

fn enter(conn: &mut SqliteConnection, job: JobId) -> Result<(), diesel::result::Error> {
    let entry =
        sql_query("INSERT INTO effect (job) VALUES (?)").bind::<Binary, _>(job.as_uuid().as_bytes().to_vec());
    entry.execute(conn).map(drop)
}

/// Its effect and its completion are one transaction.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Sure {
    pub(crate) number: u32,
}

impl TransactionalJob<Ledger> for Sure {
    const TYPE: &'static str = "sure";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Ledger>, completion: Completion) -> Result<Completed, BoxError> {
        let ledger = attempt.context.clone();
        let id = attempt.id();
        let run = move || {
            let start = ledger.starts.fetch_add(1, Ordering::Relaxed);
            ledger.stand(start, Moment::Before);
            let completed = complete_in(&mut ledger.conn.lock(), completion, |conn| {
                enter(conn, id)?;
                ledger.stand(start, Moment::InTransaction);
                Ok::<_, BoxError>(())
            })?;
            ledger.stand(start, Moment::AfterCommit);
            Ok(completed)
        };
        spawn_blocking(run).await?
    }
}

/// Its effect may happen again if its process dies before its completion is stored.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Plain {
    pub(crate) number: u32,
}

impl RunnableJob<Ledger> for Plain {
    const TYPE: &'static str = "plain";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Ledger>) -> Result<(), BoxError> {
        let conn = attempt.context.conn.clone();
        let id = attempt.id();
        Ok(spawn_blocking(move || enter(&mut conn.lock(), id)).await??)
    }
}

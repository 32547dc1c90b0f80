//! A ledger of effects in the store's own database, and the jobs that enter one each.

use diesel::{QueryResult, sql_query, sql_types};
use diesel_async::{
    AsyncPgConnection, RunQueryDsl,
    pooled_connection::{AsyncDieselConnectionManager, deadpool::Pool},
};
use job_core::{Attempt, BoxError, Completed, Completion, JobId, RetryPolicy, RunnableJob, TransactionalJob};
use job_store_pg::complete_in;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};
use uuid::Uuid;

/// The table of the ledger.
pub(super) const TABLE: &str = "CREATE TABLE effect (job uuid NOT NULL)";

/// What a job that failed waits for: not long, because a test waits too.
const RETRY_AFTER: Duration = Duration::from_millis(50);
/// More than there are outages.
const RETRIES: u32 = 1000;

/// The application's own connections, and how many jobs were started.
#[derive(Clone)]
pub(super) struct Ledger {
    pool: Pool<AsyncPgConnection>,
    starts: Arc<watch::Sender<u32>>,
}

impl Ledger {
    /// The ledger in the database at `url`. Starts are added to `starts`.
    pub(super) fn new(url: &str, starts: Arc<watch::Sender<u32>>) -> Self {
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(url);
        Self { pool: Pool::builder(manager).max_size(4).build().unwrap(), starts }
    }

    /// A handler begins, and takes its time.
    async fn begin(&self) {
        self.starts.send_modify(|it| *it += 1);
        sleep(Duration::from_micros(u64::from(Uuid::new_v4().as_bytes()[0]) * 100)).await;
    }
}

/// Enters the effect of a job.
pub(super) async fn enter(conn: &mut AsyncPgConnection, job: JobId) -> QueryResult<()> {
    let entry = sql_query("INSERT INTO effect VALUES ($1)").bind::<sql_types::Uuid, _>(job.as_uuid());
    entry.execute(conn).await.map(drop)
}

/// Its effect and its completion are one transaction.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Sure;

impl TransactionalJob<Ledger> for Sure {
    const TYPE: &'static str = "sure";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Ledger>, completion: Completion) -> Result<Completed, BoxError> {
        attempt.context.begin().await;
        let id = attempt.id();
        let mut conn = attempt.context.pool.get().await?;
        complete_in(&mut conn, completion, async |conn| Ok::<_, BoxError>(enter(conn, id).await?)).await
    }

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::fixed(RETRY_AFTER)
    }

    fn max_retries(&self) -> u32 {
        RETRIES
    }
}

/// Its effect may happen again if its completion is not stored.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Plain;

impl RunnableJob<Ledger> for Plain {
    const TYPE: &'static str = "plain";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Ledger>) -> Result<(), BoxError> {
        attempt.context.begin().await;
        let mut conn = attempt.context.pool.get().await?;
        Ok(enter(&mut conn, attempt.id()).await?)
    }

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::fixed(RETRY_AFTER)
    }

    fn max_retries(&self) -> u32 {
        RETRIES
    }
}

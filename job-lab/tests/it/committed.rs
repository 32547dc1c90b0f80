//! From a caller's own transaction to a run, and from a run to a transaction of its own: what is committed is so, and
//! what is rolled back never was.

use crate::bed::{Bed, over_every_store};
use diesel::{Connection, SqliteConnection};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use job_core::{Attempt, BoxError, Completed, Completion, JobStatus, Options, Reply, TransactionalJob};
use job_runner::{Perform, Registry, Worker};
use job_store_pg::Jobs;
use job_store_sqlite::EnqueueOn;
use job_testing::{Recorded, Recorder};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

macro_rules! over_databases {
    ($($test:ident,)*) => {
        over_every_store! { @ sqlite: $($test,)* }
        over_every_store! { @ postgres: $($test,)* }
    };
}

over_databases! {
    a_worker_runs_what_was_committed_and_never_what_was_rolled_back,
    an_attempt_in_a_tests_hands_completes_in_its_own_transaction,
}

async fn a_worker_runs_what_was_committed_and_never_what_was_rolled_back(bed: Bed) {
    let (recorder, stop) = (Recorder::default(), CancellationToken::new());
    let registry = Registry::new().register::<Recorded>();
    let worker = Worker::in_test(bed.another().await, registry, recorder.clone()).unwrap();
    let running = tokio::spawn(worker.stop_token(stop.clone()).run());

    for (label, commits) in [("taken back", false), ("kept", true)] {
        let job = Recorded::new(label);
        let ended = match Database::of(&bed) {
            Database::Postgres { server, schema } => on_postgres(&server, &schema, job, commits).await,
            Database::Sqlite(path) => on_sqlite(&path, &job, commits),
        };
        assert_eq!(ended.is_ok(), commits, "{ended:?}");
    }

    let ran = timeout(Duration::from_secs(60), recorder.next()).await.unwrap();
    assert_eq!((ran.label.as_str(), ran.attempt), ("kept", 1));
    stop.cancel();
    let report = running.await.unwrap().unwrap();
    assert_eq!(report.completed.values().sum::<u64>(), 1);
    assert_eq!(bed.jobs().await.len(), 1, "of the other there is no trace");
}

/// Where the application connects to.
#[derive(Clone, Debug)]
enum Database {
    Sqlite(String),
    Postgres { server: String, schema: String },
}

impl Database {
    fn of(bed: &Bed) -> Self {
        match bed.schema.clone() {
            Some((server, schema)) => Self::Postgres { server, schema },
            None => Self::Sqlite(bed.url.url.trim_start_matches("sqlite:").to_owned()),
        }
    }
}

fn end(commits: bool) -> Result<(), BoxError> {
    if commits { Ok(()) } else { Err("changed my mind".into()) }
}

fn on_sqlite(path: &str, job: &Recorded, commits: bool) -> Result<(), BoxError> {
    let mut conn = SqliteConnection::establish(path)?;
    job_store_sqlite::prepare(&mut conn)?;
    conn.immediate_transaction(|conn| {
        job.create_on(conn)?;
        end(commits)
    })
}

async fn on_postgres(server: &str, schema: &str, job: Recorded, commits: bool) -> Result<(), BoxError> {
    let jobs = Jobs::in_schema(schema)?;
    let mut conn = AsyncPgConnection::establish(server).await?;
    let work = async |conn: &mut AsyncPgConnection| {
        jobs.create_on(conn, &job, &Options::default()).await?;
        end(commits)
    };
    conn.transaction(work).await
}

/// Completes in a transaction of its own, which it takes back at the first attempt.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Books;

impl TransactionalJob<Database> for Books {
    const TYPE: &'static str = "books";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Database>, completion: Completion) -> Result<Completed, BoxError> {
        let balanced = attempt.number() > 1;
        match &attempt.context {
            Database::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path)?;
                job_store_sqlite::prepare(&mut conn)?;
                conn.immediate_transaction(|conn| {
                    let completed = job_store_sqlite::complete_on(conn, completion)?;
                    end(balanced).map(|()| completed)
                })
            }
            Database::Postgres { server, schema } => {
                let jobs = Jobs::in_schema(schema)?;
                let mut conn = AsyncPgConnection::establish(server).await?;
                let work = async |conn: &mut AsyncPgConnection| {
                    let completed = jobs.complete_on(conn, completion).await?;
                    end(balanced).map(|()| completed)
                };
                conn.transaction(work).await
            }
        }
    }
}

async fn an_attempt_in_a_tests_hands_completes_in_its_own_transaction(bed: Bed) {
    let registry = Registry::new().register_transactional::<Books>();
    let perform = Perform::new(bed.opened.clone(), registry, Database::of(&bed)).unwrap();

    let first = perform.job(&Books).await.unwrap();
    assert_eq!((first.reply, first.status()), (Reply::Applied, JobStatus::Waiting));
    assert_eq!(first.error().unwrap().as_str(), "changed my mind");
    let seventh = perform.attempt(7).id(first.job.id).await.unwrap();
    assert_eq!((seventh.reply, seventh.status()), (Reply::AlreadyApplied, JobStatus::Completed));

    let state = bed.job(first.job.id).await.state;
    assert_eq!((state.attempt_count(), state.queue().as_str()), (7, "default"));
}

//! From a caller's own transaction to a worker: what is committed is run, and what is rolled back never was.

use crate::bed::{Bed, over_every_store};
use diesel::{Connection, SqliteConnection};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use job_core::{BoxError, Options};
use job_runner::{Registry, Worker};
use job_store_pg::Jobs;
use job_store_sqlite::EnqueueOn;
use job_testing::{Recorded, Recorder};
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

over_every_store! { @ sqlite: a_worker_runs_what_was_committed_and_never_what_was_rolled_back, }
over_every_store! { @ postgres: a_worker_runs_what_was_committed_and_never_what_was_rolled_back, }

async fn a_worker_runs_what_was_committed_and_never_what_was_rolled_back(bed: Bed) {
    let (recorder, stop) = (Recorder::default(), CancellationToken::new());
    let registry = Registry::new().register::<Recorded>();
    let worker = Worker::in_test(bed.another().await, registry, recorder.clone()).unwrap();
    let running = tokio::spawn(worker.stop_token(stop.clone()).run());

    for (label, commits) in [("taken back", false), ("kept", true)] {
        let ended = match &bed.schema {
            Some((server, schema)) => on_postgres(server, schema, Recorded::new(label), commits).await,
            None => on_sqlite(&bed, &Recorded::new(label), commits),
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

fn end(commits: bool) -> Result<(), BoxError> {
    if commits { Ok(()) } else { Err("changed my mind".into()) }
}

fn on_sqlite(bed: &Bed, job: &Recorded, commits: bool) -> Result<(), BoxError> {
    let mut conn = SqliteConnection::establish(bed.url.url.trim_start_matches("sqlite:"))?;
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

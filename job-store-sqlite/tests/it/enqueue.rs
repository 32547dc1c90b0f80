//! Enqueueing on the application's own connection.

use crate::file::{Email, File, email, number};
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use job_core::{BoxError, JobId, JobStatus, Options, UniqueScope, store::JobStoreExt};
use job_store_sqlite::{AcquiredId, EnqueueError, EnqueueOn, delete_on};

const JOBS: &str = "SELECT count(*) FROM job";

/// A file with our tables and one of the application's, and its connection.
async fn shop() -> (File, SqliteConnection) {
    let file = File::new();
    drop(file.store().await);
    let mut conn = file.conn();
    conn.batch_execute("CREATE TABLE customer (name TEXT NOT NULL)").unwrap();
    (file, conn)
}

fn register(conn: &mut SqliteConnection, name: &str) -> Result<JobId, BoxError> {
    conn.batch_execute(&format!("INSERT INTO customer VALUES ('{name}')"))?;
    Ok(email(name).create_on(conn)?)
}

#[tokio::test]
async fn a_job_is_committed_with_the_application_s_rows() {
    let (file, mut conn) = shop().await;
    let id = conn.transaction(|conn| register(conn, "zoe")).unwrap();
    let job = file.store().await.get(id).await.unwrap().unwrap();
    assert_eq!(job.state.status(), JobStatus::Waiting);
    assert_eq!(job.spec.args.as_str(), r#"{"to":"zoe"}"#);
    assert!(job.spec.date_created <= job.state.scheduled_start());
    assert_eq!(file.number("SELECT count(*) FROM customer"), 1);
}

#[tokio::test]
async fn a_job_is_rolled_back_with_the_application_s_rows() {
    let (file, mut conn) = shop().await;
    let failed = conn.transaction(|conn| {
        register(conn, "zoe")?;
        assert_eq!(number(conn, JOBS), 1);
        Err::<(), BoxError>("changed my mind".into())
    });
    assert!(failed.is_err());
    assert_eq!(number(&mut conn, JOBS), 0);
    // Its key is free, and the connection as good as before.
    conn.transaction(|conn| register(conn, "zoe")).unwrap();
    assert_eq!(file.number(JOBS), 1);
}

#[tokio::test]
async fn a_savepoint_takes_back_only_its_own_jobs() {
    let (file, mut conn) = shop().await;
    conn.transaction(|conn| {
        register(conn, "zoe")?;
        let inner = conn.transaction(|conn| {
            register(conn, "max")?;
            Err::<(), BoxError>("not him".into())
        });
        assert!(inner.is_err());
        register(conn, "ida").map(drop)
    })
    .unwrap();
    assert_eq!(file.number(JOBS), 2);
    assert_eq!(file.number("SELECT count(*) FROM job WHERE unique_key = '\"max\"'"), 0);
}

/// Also a transaction that the application began in its own words, which Diesel does not know of.
#[tokio::test]
async fn a_transaction_in_plain_sql_is_as_good() {
    let (file, mut conn) = shop().await;
    conn.batch_execute("BEGIN").unwrap();
    register(&mut conn, "zoe").unwrap();
    conn.batch_execute("ROLLBACK; BEGIN").unwrap();
    register(&mut conn, "ida").unwrap();
    conn.batch_execute("COMMIT").unwrap();
    assert_eq!(file.number("SELECT count(*) FROM job WHERE unique_key = '\"ida\"'"), 1);
    assert_eq!(file.number(JOBS), 1);
}

#[tokio::test]
async fn without_a_transaction_each_call_is_its_own() {
    let (file, mut conn) = shop().await;
    let id = email("zoe").create_on(&mut conn).unwrap();
    assert_eq!(file.number(JOBS), 1);
    assert_eq!(email("zoe").acquire_on(&mut conn).unwrap(), AcquiredId::Existing(id));
    let taken = email("zoe").create_on(&mut conn).unwrap_err();
    assert!(matches!(taken, EnqueueError::KeyTaken { holder } if holder == id), "{taken:?}");
    assert_eq!(delete_on(&mut conn, &[id, id]).unwrap(), 1);
    assert!(matches!(email("zoe").acquire_on(&mut conn).unwrap(), AcquiredId::Created(new) if new != id));
}

/// A hundred thousand, of which every second key is taken by the one before.
#[tokio::test]
async fn a_bulk_answers_for_each_job() {
    let (file, mut conn) = shop().await;
    let jobs: Vec<Email> = (0..100_000).map(|n| email(n / 2)).collect();
    let acquired = conn.transaction(|conn| Email::create_many_on(conn, &jobs, &Options::default())).unwrap();
    for pair in acquired.chunks(2) {
        let [AcquiredId::Created(id), AcquiredId::Existing(holder)] = *pair else { panic!("{pair:?}") };
        assert_eq!(id, holder);
    }
    assert_eq!(file.number(JOBS), 50_000);
}

#[tokio::test]
async fn options_and_scopes_hold_as_for_the_store() {
    let (file, mut conn) = shop().await;
    let options = Options { priority: Some(7), max_retries: Some(2), ..Options::default() };
    let id = email("zoe").create_on_with(&mut conn, &options).unwrap();
    let job = file.store().await.get(id).await.unwrap().unwrap();
    assert_eq!((job.spec.priority, job.spec.max_retries), (7, 2));
    assert_eq!(job.spec.unique.unwrap().scope, UniqueScope::Waiting);
    assert_eq!(job.spec.turn.unwrap().as_str(), r#"u:email:"zoe""#);
}

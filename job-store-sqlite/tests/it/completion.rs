//! Completion in the handler's own transaction.

use crate::file::{File, claim, email};
use diesel::{SqliteConnection, connection::SimpleConnection};
use job_core::{
    BoxError, Change, Completed, Completion, Job, JobStatus, Then,
    store::{JobStore, JobStoreExt},
};
use job_store_sqlite::{CompleteError, EnqueueOn, SqliteStore, complete_in, complete_on};
use job_testing::factory::actor;

/// A running job, and the application's connection to its file.
async fn running() -> (File, SqliteStore, SqliteConnection, Job) {
    let file = File::new();
    let store = file.store().await;
    let mut conn = file.conn();
    conn.batch_execute("CREATE TABLE account (cents INTEGER); INSERT INTO account VALUES (100)").unwrap();
    email("zoe").create_on(&mut conn).unwrap();
    let job = store.claim(&claim(1, 1)).await.unwrap().jobs.remove(0);
    (file, store, conn, job)
}

fn completion(job: &Job, then: Then) -> Completion {
    Completion::new(job.clone(), actor(1), "sqlite", then)
}

fn charge(conn: &mut SqliteConnection) -> Result<(), BoxError> {
    Ok(conn.batch_execute("UPDATE account SET cents = cents - 1")?)
}

fn charged(file: &File) -> bool {
    file.number("SELECT cents FROM account") == 99
}

#[tokio::test]
async fn the_handler_s_writes_and_the_completion_commit_together() {
    let (file, store, mut conn, job) = running().await;
    let done: Result<Completed, BoxError> = conn.immediate_transaction(|conn| {
        charge(conn)?;
        let completed = complete_on(conn, completion(&job, Then::Keep))?;
        assert!(!charged(&file), "nothing is seen before the commit");
        Ok(completed)
    });
    assert_eq!(done.unwrap().job(), job.id);
    assert!(charged(&file));
    let after = store.get(job.id).await.unwrap().unwrap();
    assert_eq!(after.state.status(), JobStatus::Completed);
    assert_eq!(after.state.changed_by(), Some(actor(1)));
    assert_eq!(after.state.revision(), job.state.revision().next());
}

#[tokio::test]
async fn a_transaction_that_rolls_back_completes_nothing() {
    let (file, store, mut conn, job) = running().await;
    let failed: Result<(), BoxError> = conn.immediate_transaction(|conn| {
        charge(conn)?;
        let _ = complete_on(conn, completion(&job, Then::Keep))?;
        Err("the power went".into())
    });
    assert!(failed.is_err());
    assert!(!charged(&file));
    assert_eq!(store.get(job.id).await.unwrap().unwrap(), job);
}

/// Whoever took, moved or deleted the job meanwhile: nothing of the handler's is kept.
#[tokio::test]
async fn an_attempt_that_lost_its_job_keeps_nothing() {
    for deleted in [false, true] {
        let (file, store, mut conn, job) = running().await;
        if deleted {
            file.run("DELETE FROM job");
        } else {
            let cancelled = job.cancel("not needed".into(), store.now().await.unwrap()).unwrap();
            store.apply(&[Change::new(&job, cancelled, actor(9))]).await.unwrap();
        }
        let before = store.get(job.id).await.unwrap();
        let lost = complete_in::<BoxError>(&mut conn, completion(&job, Then::Keep), charge).unwrap_err();
        let lost = lost.downcast_ref::<CompleteError>().unwrap();
        assert!(matches!(lost, CompleteError::Lost(it) if it.id == job.id), "{lost:?}");
        assert!(!charged(&file));
        assert_eq!(store.get(job.id).await.unwrap(), before);
    }
}

#[tokio::test]
async fn complete_in_keeps_all_or_nothing() {
    let (file, store, mut conn, job) = running().await;
    let failed = complete_in::<BoxError>(&mut conn, completion(&job, Then::Keep), |conn| {
        charge(conn)?;
        Err("the card was refused".into())
    });
    assert_eq!(failed.unwrap_err().to_string(), "the card was refused");
    assert!(!charged(&file));
    let done = complete_in::<BoxError>(&mut conn, completion(&job, Then::Delete), charge).unwrap();
    assert_eq!(done.job(), job.id);
    assert!(charged(&file));
    assert_eq!(store.get(job.id).await.unwrap(), None, "the row goes, as its section asks");
}

#[tokio::test]
async fn a_completion_of_another_kind_of_store_is_refused_by_name() {
    let (file, _, mut conn, job) = running().await;
    let foreign = Completion::new(job, actor(1), "memory", Then::Keep);
    let refused = complete_on(&mut conn, foreign).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the job was claimed from a memory store; complete it there, not in an SQLite file"
    );
    assert_eq!(file.number("SELECT count(*) FROM job WHERE status = 1"), 1);
}

/// A late completion counts as long as nobody took the job: ownership is the revision, not the clock.
#[tokio::test]
async fn a_lease_that_has_ended_does_not_forbid_the_completion() {
    let (_, store, mut conn, _) = running().await;
    let again = email("ida").create_on(&mut conn).unwrap();
    let short = job_core::store::Claim { lease: std::time::Duration::ZERO, ..claim(1, 1) };
    let job = store.claim(&short).await.unwrap().jobs.remove(0);
    assert_eq!(job.id, again);
    assert!(job.state.has_lapsed(store.now().await.unwrap()));
    let done = complete_in::<BoxError>(&mut conn, completion(&job, Then::Keep), charge);
    assert_eq!(done.unwrap().job(), job.id);
}

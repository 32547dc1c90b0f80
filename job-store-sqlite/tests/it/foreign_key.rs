//! Rows of the application that refer to jobs.

use crate::file::{File, claim, email};
use diesel::connection::SimpleConnection;
use job_core::{
    Change, JobId, JobStatus, Reply,
    store::{Deletion, JobStore, JobStoreExt},
};
use job_store_sqlite::EnqueueOn;
use job_testing::factory::{actor, limit};

fn refer_to(file: &File, id: JobId) {
    file.run(&format!("INSERT INTO parcel VALUES (x'{id}')"));
}

/// A referring row holds up neither claim, renewal nor completion.
#[tokio::test]
async fn a_job_that_is_referred_to_runs_as_any_other() {
    let file = File::new();
    let store = file.store().await;
    file.run("CREATE TABLE parcel (job BLOB NOT NULL REFERENCES job (id))");
    let mut conn = file.conn();
    let id = email("zoe").create_on(&mut conn).unwrap();
    conn.batch_execute(&format!("INSERT INTO parcel VALUES (x'{id}')")).unwrap();
    let dangling = conn.batch_execute("INSERT INTO parcel VALUES (x'00')").unwrap_err();
    assert_eq!(dangling.to_string(), "FOREIGN KEY constraint failed");

    let job = store.claim(&claim(1, 1)).await.unwrap().jobs.remove(0);
    let done = job.complete(store.now().await.unwrap()).unwrap();
    // Its section asks to delete completed rows; the application's wish to refer to this one is stronger.
    let change = Change::new(&job, done, actor(1)).deleting_completed();
    assert_eq!(store.apply(&[change]).await.unwrap(), [Reply::Applied]);
    let kept = store.get(id).await.unwrap().unwrap();
    assert_eq!(kept.state.status(), JobStatus::Completed);
    assert_eq!(store.delete(&Deletion::Ids(vec![id])).await.unwrap(), 0);
    file.run("DELETE FROM parcel");
    assert_eq!(store.delete(&Deletion::Ids(vec![id])).await.unwrap(), 1);
}

/// Old jobs that have to stay do not stand before those that may go.
#[tokio::test]
async fn pruning_passes_over_jobs_that_are_referred_to() {
    let file = File::new();
    let store = file.store().await;
    file.run("CREATE TABLE parcel (job BLOB NOT NULL REFERENCES job (id))");
    let mut conn = file.conn();
    let ids: Vec<JobId> = (0..10).map(|n| email(n).create_on(&mut conn).unwrap()).collect();
    let jobs = store.claim(&claim(1, 10)).await.unwrap().jobs;
    let now = store.now().await.unwrap();
    let done: Vec<_> = jobs.iter().map(|it| Change::new(it, it.complete(now).unwrap(), actor(1))).collect();
    store.apply(&done).await.unwrap();
    for id in &ids[..4] {
        refer_to(&file, *id);
    }
    let prune = Deletion::Final {
        before: now + std::time::Duration::from_secs(1),
        statuses: vec![JobStatus::Completed],
        types: None,
        limit: limit(3),
        keep_newest: None,
    };
    assert_eq!(store.delete(&prune).await.unwrap(), 3);
    assert_eq!(store.delete(&prune).await.unwrap(), 3);
    assert_eq!(store.delete(&prune).await.unwrap(), 0);
    assert_eq!(file.number("SELECT count(*) FROM job JOIN parcel ON parcel.job = job.id"), 4);
    assert_eq!(file.number("SELECT count(*) FROM job"), 4);
}

//! Callers that wait together share a commit, and one that fails shares its failure with nobody.

use crate::file::File;
use diesel::connection::SimpleConnection;
use job_core::{
    Clock, Json, NewJob,
    store::{Inserted, JobStore, StoreError},
};
use job_store_sqlite::SqliteStore;
use job_testing::factory;
use std::{fs, path::Path};
use tokio::task::JoinSet;

/// How many transactions are in the log beside the file: each ends in a frame that names the file's size.
fn commits(file: &Path) -> usize {
    let log = fs::read(file.with_extension("sqlite3-wal")).unwrap();
    let word = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let frame = 24 + word(8) as usize;
    (32..log.len()).step_by(frame).filter(|at| word(at + 4) != 0).count()
}

/// Inserts all jobs at once, a call for each, while the writer waits for somebody else's transaction.
async fn insert_together(
    file: &File,
    store: &SqliteStore,
    jobs: Vec<NewJob>,
) -> Vec<(NewJob, Result<Vec<Inserted>, StoreError>)> {
    let mut other = file.conn();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let mut callers = JoinSet::new();
    for job in jobs {
        let store = store.clone();
        callers.spawn(async move {
            let inserted = store.insert(std::slice::from_ref(&job), Clock::Store).await;
            (job, inserted)
        });
    }
    // On this one thread, each caller has sent its call when it is polled for the first time.
    tokio::task::yield_now().await;
    other.batch_execute("COMMIT").unwrap();
    callers.join_all().await
}

/// While the writer waits, callers gather; then they need a few commits in all.
#[tokio::test]
async fn callers_that_wait_together_share_a_commit() {
    let file = File::new();
    let store = file.store().await;
    file.run("PRAGMA wal_checkpoint(TRUNCATE)");
    let jobs = (0..64).map(|_| factory::job(store.mint())).collect();
    for (_, inserted) in insert_together(&file, &store, jobs).await {
        assert!(matches!(inserted.unwrap()[..], [Inserted::Created(_)]));
    }
    let commits = commits(&file.path);
    assert!((1..=3).contains(&commits), "64 callers needed {commits} commits");
}

/// Of callers that share a transaction each fails alone, even where SQLite gives the whole transaction up.
#[tokio::test]
async fn a_bad_call_fails_none_of_its_neighbours() {
    let file = File::new();
    let store = file.store().await;
    for how in ["ABORT", "ROLLBACK"] {
        file.run(&format!(
            "DROP TRIGGER IF EXISTS refuse;
             CREATE TRIGGER refuse BEFORE INSERT ON job WHEN NEW.args = '\"bad\"'
             BEGIN SELECT RAISE({how}, 'refused'); END;"
        ));
        let args = |n| Json::stored(if n % 8 == 5 { "\"bad\"" } else { "\"good\"" });
        let jobs = (0..32).map(|n| NewJob { args: args(n), ..factory::job(store.mint()) }).collect();
        for (job, inserted) in insert_together(&file, &store, jobs).await {
            match (job.args.as_str(), inserted) {
                ("\"good\"", Ok(inserted)) => assert!(matches!(inserted[..], [Inserted::Created(_)])),
                ("\"bad\"", Err(StoreError::Other(_))) => {}
                other => panic!("{how}: {other:?}"),
            }
        }
        assert_eq!(file.number("SELECT count(*) FROM job"), 28);
        file.run("DELETE FROM job");
    }
}

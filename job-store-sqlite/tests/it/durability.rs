//! What was acknowledged is there, whatever happens to the process.

use crate::{
    child::{self, Process},
    file::{File, number},
};
use diesel::RunQueryDsl;
use job_core::store::JobStoreExt;
use job_store_sqlite::SqliteStore;
use job_testing::factory;
use std::{collections::HashSet, process::Command};

async fn stored(store: &SqliteStore, ids: impl IntoIterator<Item = String>) {
    for id in ids {
        let found = store.get_by_prefix(&factory::named(&id)).await.unwrap();
        assert_eq!(found.len(), 1, "job {id} was acknowledged");
    }
}

fn is_whole(file: &File) {
    let wrong = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
    assert_eq!(file.number(wrong), 0, "integrity_check finds nothing");
    // The child inserts three at a time: each call is stored wholly or not at all.
    assert_eq!(file.number("SELECT count(*) % 3 FROM job"), 0);
}

/// A job that a killed process said it had inserted is stored, and the file is whole.
#[tokio::test]
async fn what_a_killed_process_was_told_is_stored_is_stored() {
    let file = File::new();
    for acknowledged in [1, 10, 40] {
        let mut process = Process::start("insert for ever", &file.path);
        let ids: Vec<String> = (0..acknowledged).map(|_| process.says().unwrap()).collect();
        // SIGKILL, in the middle of its next insert.
        process.child.kill().unwrap();
        process.child.wait().unwrap();
        let ids: HashSet<String> = ids.into_iter().chain(std::iter::from_fn(|| process.says())).collect();

        stored(&file.store().await, ids).await;
        is_whole(&file);
    }
}

/// When the disk is full, calls fail, all of them, until there is room again; what was acknowledged stays.
#[tokio::test]
async fn a_full_disk_loses_nothing() {
    let file = File::new();
    drop(file.store().await);
    // The shell forbids files to grow beyond a limit, and asks for an error in place of a signal.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\""]).arg(child::program());
    let said = Process::of(shell, "insert until refused", &file.path).end();
    let (ids, refused): (Vec<String>, Vec<String>) = said.into_iter().partition(|it| it.len() == 32);
    assert!(ids.len() > 100, "{} jobs fitted", ids.len());
    assert_eq!(refused, ["refused", "refused again", "still read"]);
    let store = file.store().await;
    stored(&store, ids).await;
    is_whole(&file);
}

/// What `prepare` sets up, on the application's connection as on the store's own.
#[tokio::test]
async fn an_application_s_commit_is_as_durable() {
    let file = File::new();
    let mut conn = file.conn();
    // 2 is FULL.
    for (pragma, set) in [("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)] {
        let column = if pragma == "busy_timeout" { "timeout" } else { pragma };
        assert_eq!(number(&mut conn, &format!("SELECT \"{column}\" FROM pragma_{pragma}")), set, "{pragma}");
    }
    let mode = diesel::dsl::sql::<diesel::sql_types::Text>("PRAGMA journal_mode");
    assert_eq!(mode.get_result::<String>(&mut conn).unwrap(), "wal");
}

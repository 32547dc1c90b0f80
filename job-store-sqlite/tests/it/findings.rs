//! What the doctor finds.

use crate::file::{File, claim, email, emails};
use job_core::{
    Clock, Options, Start, Timestamp,
    store::{Admin, Claim, JobStore, Switch, Switches},
};
use std::time::Duration;

#[tokio::test]
async fn a_healthy_file_gives_no_cause() {
    let file = File::new();
    let store = file.store().await;
    emails(&store).create(&email("zoe")).await.unwrap();
    assert_eq!(store.findings().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn jobs_that_nobody_starts_are_found() {
    let file = File::new();
    let store = file.store().await;
    let long_ago = Options { start: Start::At(Timestamp::EPOCH), ..Options::default() };
    for to in 0..3 {
        emails(&store).create_with(&email(to), &long_ago).await.unwrap();
    }
    let found = store.findings().await.unwrap();
    let says = "3 email jobs of the queue default have been due for more than a day, the first since \
                1970-01-01T00:00:00.000000Z: does a runner serve that queue and know that type?";
    assert_eq!(found, [says]);
    // Paused on purpose, it is nothing to find.
    let pause = Switch::PauseType(job_core::TypeName::new("email").unwrap());
    store.set(&pause, true).await.unwrap();
    assert_eq!(store.findings().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_lapsed_row_that_nobody_can_read_is_found() {
    let file = File::new();
    let store = file.store().await;
    let id = emails(&store).create(&email("zoe")).await.unwrap().id;
    let ended = Claim { lease: Duration::ZERO, clock: Clock::Store, ..claim(1, 1) };
    store.claim(&ended).await.unwrap();
    file.run("UPDATE job SET tags = 'red'");
    let found = store.findings().await.unwrap().concat();
    assert!(found.starts_with(&format!("job {id} cannot be read: ")), "{found}");
    assert!(found.ends_with("nobody takes it up: mend its row, or delete it"), "{found}");
}

#[tokio::test]
async fn a_damaged_file_is_found() {
    let file = File::new();
    let store = file.store().await;
    emails(&store).create(&email("zoe")).await.unwrap();
    // An index that does not have its row: what a lying disk leaves behind.
    file.run(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'status = 3', 'status = 0') WHERE name = 'job_trouble';",
    );
    let found = file.store().await.findings().await.unwrap();
    assert!(found[0].starts_with("the file is damaged: "), "{found:?}");
}

#[tokio::test]
async fn tables_that_are_missing_are_found() {
    let file = File::new();
    let store = job_store_sqlite::SqliteStore::builder(&file.path).without_migration().open().await.unwrap();
    let found = store.findings().await.unwrap();
    assert_eq!(found, ["the tables are of version 0, and this program expects version 1: migrate"]);
}

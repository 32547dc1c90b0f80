//! Migration, when many start at once.

use crate::{child, file::File};
use job_core::store::Admin;
use job_store_sqlite::{SqliteStore, migrate};
use std::sync::Barrier;

/// Ten processes that make the file and its tables at once all find one set of tables.
#[test]
fn processes_that_start_at_once_migrate_once() {
    let file = File::new();
    child::race(10, "migrate", &file.path);
    assert_eq!(file.number("SELECT count(*) FROM job_schema"), 1);
    assert_eq!(file.number("SELECT count(*) FROM job"), 10);
}

/// The same for connections of an application, which migrates without a store.
#[test]
fn connections_that_migrate_at_once_migrate_once() {
    for _ in 0..10 {
        let file = File::new();
        let start = Barrier::new(10);
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| {
                    start.wait();
                    migrate(&mut file.conn()).unwrap();
                });
            }
        });
        assert_eq!(file.number("SELECT max(version) = count(*) FROM job_schema"), 1);
    }
}

/// A migration that is not needed does not wait for whoever writes.
#[tokio::test]
async fn migrated_tables_are_opened_beside_a_writer() {
    use diesel::connection::SimpleConnection;
    let file = File::new();
    file.store().await.migrate().await.unwrap();
    let mut writer = file.conn();
    writer.batch_execute("BEGIN IMMEDIATE").unwrap();
    let store = SqliteStore::open(&file.path).await.unwrap();
    assert_eq!(store.schema_version().await.unwrap(), 1);
}

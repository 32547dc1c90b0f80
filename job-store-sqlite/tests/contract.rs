//! The SQLite store keeps the contract of all stores, on real files, with races run across handles.

#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

use job_store_sqlite::SqliteStore;
use job_testing::Fixture;

job_testing::store_contract!(async || {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jobs.sqlite3");
    let open = move || {
        let file = file.clone();
        async move { SqliteStore::open(file).await.unwrap().opened() }
    };
    Fixture::new(open().await).keeping(folder).reopened_by(open)
});

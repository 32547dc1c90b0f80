//! Who only looks at a store makes none, and changes no file that is none.

use crate::file::File;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use job_core::store::{Filter, JobStoreExt, OpenError, Opened, Opener as _, StoreError, StoreUrl};
use job_store_sqlite::Opener;
use std::fs;

async fn look(file: &File) -> Result<Opened, OpenError> {
    let url = format!("sqlite:{}", file.path.display());
    Opener.open(&StoreUrl { create: false, ..StoreUrl::new(url) }).await
}

async fn refused(file: &File) -> String {
    let error = look(file).await.expect_err("there is no store");
    let source = error.source.downcast_ref::<StoreError>();
    assert!(matches!(source, Some(StoreError::Schema(_))), "{error:?}");
    error.advice.replace(file.folder.path().to_str().unwrap(), "FOLDER")
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_made() {
    let file = File::new();
    let advice = refused(&file).await;
    assert_eq!(advice, "there is no job store at FOLDER/jobs.sqlite3 yet; run-jobs makes it");
    assert_eq!(fs::read_dir(file.folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_without_the_tables_is_left_as_it_is() {
    let file = File::new();
    for sql in ["", "CREATE TABLE theirs (n)"] {
        let mut theirs = SqliteConnection::establish(file.path.to_str().unwrap()).unwrap();
        theirs.batch_execute(sql).unwrap();
        drop(theirs);
        let before = fs::read(&file.path).unwrap();
        let advice = refused(&file).await;
        assert_eq!(advice, "FOLDER/jobs.sqlite3 has no job tables of version 1 yet; run-jobs makes them");
        assert_eq!(fs::read(&file.path).unwrap(), before, "not even its journal mode is another");
        assert_eq!(fs::read_dir(file.folder.path()).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn a_store_that_is_there_is_opened() {
    let file = File::new();
    drop(file.store().await);
    let opened = look(&file).await.unwrap();
    assert!(!opened.store.any(&Filter::default()).await.unwrap());
}

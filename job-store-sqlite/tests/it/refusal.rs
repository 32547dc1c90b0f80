//! What an operator is told when a file cannot be used.

use crate::{
    child::{self, Process},
    file::File,
};
use diesel::connection::SimpleConnection;
use job_core::{
    Clock,
    store::{Admin, JobStore, OpenError, Opener as _, StoreError, StoreUrl},
};
use job_store_sqlite::{Opener, SqliteStore};
use job_testing::factory;
use std::{fs, os::unix::fs::PermissionsExt, os::unix::process::CommandExt, path::Path, process::Command};

async fn refused(path: &Path) -> (OpenError, String) {
    let error = SqliteStore::open(path).await.expect_err("the file cannot be used");
    let advice = error.advice.replace(path.parent().unwrap().to_str().unwrap(), "FOLDER");
    (error, advice)
}

fn source(error: &OpenError) -> &StoreError {
    error.source.downcast_ref().expect("the source of an OpenError is a StoreError")
}

#[tokio::test]
async fn a_missing_directory_is_named() {
    let file = File::new();
    let (error, advice) = refused(&file.folder.path().join("none/jobs.sqlite3")).await;
    assert_eq!(advice, "there is no directory FOLDER; make it, or name a file elsewhere");
    assert!(matches!(source(&error), StoreError::Other(_)), "it stays missing: {error:?}");
    assert!(!file.folder.path().join("none").exists());
}

#[tokio::test]
async fn a_directory_is_no_file() {
    let file = File::new();
    fs::create_dir(&file.path).unwrap();
    let (error, advice) = refused(&file.path).await;
    assert_eq!(advice, "FOLDER/jobs.sqlite3 is a directory; name a file in it");
    assert!(matches!(source(&error), StoreError::Other(_)), "it stays one: {error:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let file = File::new();
    let text = "This is a text, and longer than the header of a database has to be. ".repeat(20);
    fs::write(&file.path, &text).unwrap();
    let (error, advice) = refused(&file.path).await;
    assert_eq!(advice, "FOLDER/jobs.sqlite3 is a file, but no SQLite database; name another one");
    assert!(matches!(source(&error), StoreError::Other(_)), "{error:?}");
    assert_eq!(fs::read_to_string(&file.path).unwrap(), text);
}

#[tokio::test]
async fn a_call_that_cannot_write_for_long_may_be_made_again() {
    let file = File::new();
    drop(file.store().await);
    let mut other = file.conn();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let store = file.store().await;
    // Reads go on.
    assert_eq!(store.schema_version().await.unwrap(), 1);
    let error = store.insert(&[factory::job(store.mint())], Clock::Store).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn a_file_that_stays_locked_cannot_be_opened() {
    let file = File::new();
    let mut other = file.conn();
    other.batch_execute("BEGIN IMMEDIATE; CREATE TABLE theirs (n)").unwrap();
    let (error, advice) = refused(&file.path).await;
    let locked = "another program has held FOLDER/jobs.sqlite3 locked for more than 5 s; \
                  end its transaction, then try again";
    assert_eq!(advice, locked);
    assert!(source(&error).is_transient(), "{error:?}");
}

#[tokio::test]
async fn a_read_only_file_or_directory_is_named() {
    let file = File::new();
    file.run("CREATE TABLE something (n)");
    for (what, mode) in [(file.path.as_path(), 0o444), (file.folder.path(), 0o555)] {
        let folder = file.folder.path();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&file.path, fs::Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(what, fs::Permissions::from_mode(mode)).unwrap();
        for path in [file.path.clone(), folder.join("new.sqlite3")] {
            if mode == 0o444 && path != file.path {
                continue;
            }
            let said = as_nobody(&path);
            assert!(said.contains("read-only for this user"), "{} of mode {mode:o}: {said}", what.display());
            assert!(said.contains(&path.display().to_string()), "{said}");
            assert!(said.contains("the job store refuses the call"), "it stays so: {said}");
        }
    }
    fs::set_permissions(file.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

/// What a process is told that opens the file as a user without rights; root may write whatever the mode says.
fn as_nobody(file: &Path) -> String {
    let program = tempfile::tempdir().unwrap();
    let copy = program.path().join("program");
    fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy(child::program(), &copy).unwrap();
    let mut command = Command::new(&copy);
    command.current_dir("/");
    if is_root() {
        command.uid(65534).gid(65534);
    }
    Process::of(command, "open what is read-only", file).end().concat()
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

#[tokio::test]
async fn tables_of_a_newer_program_are_refused() {
    let file = File::new();
    drop(file.store().await);
    file.run("INSERT INTO job_schema (version) VALUES (7)");
    let (error, advice) = refused(&file.path).await;
    let newer = "the tables are of version 7, made by a newer program; this one knows versions up to 1: \
                 update it, or use another file";
    assert_eq!(advice, newer);
    assert!(matches!(source(&error), StoreError::Schema(_)), "{error:?}");
    let inspected = SqliteStore::builder(&file.path).without_migration().open().await.unwrap_err();
    assert!(matches!(source(&inspected), StoreError::Schema(_)), "{inspected:?}");
}

#[tokio::test]
async fn tables_of_somebody_else_are_not_touched() {
    let file = File::new();
    file.run("CREATE TABLE job (title TEXT); INSERT INTO job VALUES ('baker')");
    let (error, advice) = refused(&file.path).await;
    assert!(matches!(source(&error), StoreError::Schema(_)), "{error:?}");
    let taken = "the file has a table of another program where one of ours should be; use another file: \
                 table job already exists";
    assert_eq!(advice, taken);
    assert_eq!(file.number("SELECT count(*) FROM job WHERE title = 'baker'"), 1);
    assert_eq!(file.number("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'job_%'"), 0);
}

#[tokio::test]
async fn missing_tables_are_an_error_of_the_schema() {
    let file = File::new();
    let store = SqliteStore::builder(&file.path).without_migration().open().await.unwrap();
    let write = store.insert(&[factory::job(store.mint())], Clock::Store).await.unwrap_err();
    assert!(matches!(write, StoreError::Schema(_)), "{write:?}");
    let read = store.lapsed(None, factory::limit(1), Clock::Store).await.unwrap_err();
    assert!(matches!(read, StoreError::Schema(_)), "{read:?}");
    assert_eq!(store.schema_version().await.unwrap(), 0);
    store.migrate().await.unwrap();
    assert_eq!(store.schema_version().await.unwrap(), 1);
    store.insert(&[factory::job(store.mint())], Clock::Store).await.unwrap();
}

#[tokio::test]
async fn a_store_in_memory_is_not_this_one() {
    for path in [":memory:", ""] {
        let error = SqliteStore::open(path).await.unwrap_err();
        assert!(error.to_string().contains("a file that several connections share"), "{error}");
    }
}

#[tokio::test]
async fn urls_name_a_file_as_others_write_them() {
    let file = File::new();
    for (url, name) in [("sqlite:", "a ?b%20#.db"), ("sqlite://", "c.db")] {
        let path = file.folder.path().join(name);
        let url = StoreUrl::new(format!("{url}{}", path.display()));
        let opened = Opener.open(&url).await.unwrap();
        assert_eq!(opened.scheme, "sqlite");
        assert!(path.is_file(), "{url:?}");
    }
    for nameless in ["sqlite:", "sqlite://"] {
        let error = Opener.open(&StoreUrl::new(nameless)).await.unwrap_err();
        assert!(error.advice.ends_with("; name one, such as jobs.sqlite3"), "{error}");
    }
    let url = StoreUrl::new(format!("sqlite:{}/none/x.db", file.folder.path().display()));
    let error = Opener.open(&url).await.unwrap_err();
    assert_eq!(error.url, url.url);
}

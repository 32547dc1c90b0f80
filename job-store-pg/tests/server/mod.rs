//! The server that tests run on, and a schema of its own for each test.

#![expect(clippy::unwrap_used, reason = "a test that has no server to run on fails")]

use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use job_store_pg::{PgOptions, PgStore};
use job_testing::Fixture;
use std::{
    io::Write,
    process,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

/// How old a schema must be for its test to have ended without dropping it, in seconds.
const LEFT_OVER: u64 = 3600;

/// Where the server is.
///
/// Without one the tests of this file have not run, which is said once; then they pass, unless `REQUIRE_POSTGRES=1`.
pub(crate) fn url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| match std::env::var("DATABASE_URL") {
        Ok(url) => url,
        Err(_) => {
            let required = std::env::var("REQUIRE_POSTGRES").is_ok_and(|it| it == "1");
            // Past the harness, which would keep it to itself.
            let _ = writeln!(std::io::stderr(), "PostgreSQL tests not run: DATABASE_URL is not set");
            process::exit(i32::from(required))
        }
    })
}

/// A schema, which is dropped with what is in it when the test ends.
#[derive(Debug)]
pub(crate) struct TestSchema {
    pub(crate) name: String,
}

impl TestSchema {
    /// A new name.
    pub(crate) async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        if number == 0 {
            sweep().await;
        }
        Self { name: format!("test_{}_{}_{number}", seconds(), process::id()) }
    }

    /// How to connect to it. No test pulls the plug, so none waits for the disk.
    pub(crate) fn options(&self) -> PgOptions {
        let glue = if url().contains('?') { '&' } else { '?' };
        let options = PgOptions::new(&format!("{}{glue}options=-csynchronous_commit%3Doff", url())).unwrap();
        options.schema(&self.name).unwrap()
    }

    /// A store in it, with tables.
    pub(crate) async fn store(&self) -> PgStore {
        let store = PgStore::connect(&self.options()).await.unwrap();
        store.migrate().await.unwrap();
        store
    }
}

impl Drop for TestSchema {
    fn drop(&mut self) {
        let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name);
        let dropped = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async { connect().await.batch_execute(&drop).await })
        });
        // A test that fails already has a better reason.
        if !thread::panicking() {
            dropped.join().unwrap().unwrap();
        }
    }
}

/// A new and empty store for one test, and further handles on it.
pub(crate) async fn empty_store() -> Fixture {
    let schema = TestSchema::new().await;
    let store = schema.store().await;
    let options = schema.options();
    let reopen = move || {
        let options = options.clone();
        async move { PgStore::connect(&options).await.unwrap().opened() }
    };
    Fixture::new(store.opened()).reopened_by(reopen).keeping(schema)
}

/// A connection of the test's own.
pub(crate) async fn connect() -> AsyncPgConnection {
    AsyncPgConnection::establish(url()).await.unwrap()
}

/// Drops what tests left that were ended from outside.
async fn sweep() {
    let mut conn = connect().await;
    let names = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'test\\_%'";
    let names: Vec<Name> = diesel::sql_query(names).load(&mut conn).await.unwrap();
    for Name { nspname } in names {
        let since = nspname.split('_').nth(1).and_then(|it| it.parse::<u64>().ok());
        if since.is_some_and(|it| it + LEFT_OVER < seconds()) {
            // Another process may sweep too.
            let _ = conn.batch_execute(&format!("DROP SCHEMA IF EXISTS {nspname} CASCADE")).await;
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    nspname: String,
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

//! The server that tests run on, and a schema of its own for each test.

#![expect(clippy::unwrap_used, reason = "a test that has no server to run on fails")]

use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use job_store_pg::{Jobs, PgOptions, PgStore};
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
    /// Whether group roles were made for it.
    pub(crate) roles: bool,
}

impl TestSchema {
    /// A new name.
    pub(crate) async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        if number == 0 {
            sweep().await;
        }
        Self { name: format!("test_{}_{}_{number}", seconds(), process::id()), roles: false }
    }

    /// A new name, whose store gets group roles too.
    pub(crate) async fn with_roles() -> Self {
        let mut schema = Self::new().await;
        schema.roles = true;
        schema
    }

    /// How to connect to it.
    pub(crate) fn options(&self) -> PgOptions {
        self.options_with("")
    }

    /// The same with further words for the server. No test pulls the plug, so none waits for the disk.
    pub(crate) fn options_with(&self, words: &str) -> PgOptions {
        let words = format!("-csynchronous_commit=off {words}").replace(' ', "%20").replace('=', "%3D");
        self.options_at(&and(url(), &format!("options={words}")))
    }

    /// How to connect to it by way of another URL; in plain, if that does not say, so that proxies can read along.
    pub(crate) fn options_at(&self, url: &str) -> PgOptions {
        let plain = if url.contains("sslmode=") { "" } else { "&sslmode=disable" };
        let url = and(url, &format!("application_name={}{plain}", self.name));
        PgOptions::new(&url).unwrap().schema(&self.name).unwrap().roles(self.roles)
    }

    /// Its jobs on connections of the test's own.
    pub(crate) fn jobs(&self) -> Jobs {
        Jobs::in_schema(&self.name).unwrap()
    }

    /// The number `n` in the one row of `sql`, in which `{schema}` is filled in.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = sql.replace("{schema}", &quoted(&self.name));
        diesel::sql_query(sql).get_result::<Number>(&mut connect().await).await.unwrap().n
    }

    /// How many of its sessions wait for another's lock.
    pub(crate) async fn waiting(&self) -> usize {
        let waits = "SELECT count(*) AS n FROM pg_stat_activity \
            WHERE application_name = '{app}' AND cardinality(pg_blocking_pids(pid)) > 0";
        usize::try_from(self.number(&waits.replace("{app}", &self.name)).await).unwrap()
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
        let mut drop = format!("DROP SCHEMA IF EXISTS {} CASCADE;", quoted(&self.name));
        for kind in ["producer", "worker", "operator", "viewer"].iter().filter(|_| self.roles) {
            let role = quoted(&format!("{}_{kind}", self.name));
            drop.push_str(&format!("DROP OWNED BY {role}; DROP ROLE {role};"));
        }
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

/// The URL with more words behind its `?`.
pub(crate) fn and(url: &str, words: &str) -> String {
    let glue = if url.contains('?') { '&' } else { '?' };
    format!("{url}{glue}{words}")
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
            let _ = conn.batch_execute(&format!("DROP SCHEMA IF EXISTS {} CASCADE", quoted(&nspname))).await;
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    nspname: String,
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(crate) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

//! Where a test keeps proposals and jobs: in a file of its folder, or in a database of its own on a server.

use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use std::{
    env,
    io::{Write, stderr},
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::runtime::Builder;

/// How old a database must be for its test to have ended without dropping it, in seconds.
const LEFT_OVER: u64 = 3600;

/// Runs each of these tests on SQLite, and on the PostgreSQL server that `DATABASE_URL` names. Without one they say that
/// they did not run there, or fail if `REQUIRE_POSTGRES=1`.
macro_rules! on_each_store {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[test]
            fn $test() {
                super::$test(None);
            })*
        }
        mod postgres {
            $(#[test]
            fn $test() {
                if let Some(database) = $crate::database::TestDatabase::new() {
                    super::$test(Some(database));
                }
            })*
        }
    };
}
pub(crate) use on_each_store;

/// A database on the server, which is dropped with what is in it when the test ends.
#[derive(Debug)]
pub(crate) struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// A new one; none without a server.
    pub(crate) fn new() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        if env::var_os("DATABASE_URL").is_none() {
            let required = env::var("REQUIRE_POSTGRES").is_ok_and(|it| it == "1");
            assert!(!required, "PostgreSQL is required, and DATABASE_URL is not set");
            // Past the harness, which would keep it to itself.
            let _ = writeln!(stderr(), "not run on PostgreSQL: DATABASE_URL is not set");
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("code_review_{}_{}_{number}", seconds(), process::id());
        // No test pulls the plug, so none waits for the disk. A test says `job` for the table on either store.
        let make = [
            format!("CREATE DATABASE {name}"),
            format!("ALTER DATABASE {name} SET synchronous_commit = off"),
            format!("ALTER DATABASE {name} SET search_path = public, jobs"),
        ];
        on_server(async move |conn| {
            sweep(conn).await;
            for statement in make {
                conn.batch_execute(&statement).await.unwrap();
            }
        });
        Some(Self { name })
    }

    /// The URL of the store in it. Group roles would be for all databases of the server, and so for other tests.
    pub(crate) fn url(&self) -> String {
        let server = env::var("DATABASE_URL").unwrap();
        let (server, query) = server.split_once('?').unwrap_or((&server, ""));
        let (server, _) = server.rsplit_once('/').unwrap();
        let glue = if query.is_empty() { "" } else { "&" };
        format!("{server}/{}?{query}{glue}roles=false", self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        on_server(async move |conn| {
            // A test that fails already has a better reason.
            let dropped = conn.batch_execute(&drop).await;
            assert!(dropped.is_ok(), "{dropped:?}");
        });
    }
}

/// Does something on the server, on a thread of its own: the test may stand in a runtime.
fn on_server(work: impl AsyncFnOnce(&mut AsyncPgConnection) + Send + 'static) {
    let done = thread::spawn(move || {
        Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let url = env::var("DATABASE_URL").unwrap();
            work(&mut AsyncPgConnection::establish(&url).await.unwrap()).await;
        });
    });
    let done = done.join();
    assert!(done.is_ok() || thread::panicking(), "the server did not do it");
}

/// Drops what tests left that were ended from outside.
async fn sweep(conn: &mut AsyncPgConnection) {
    let names = "SELECT datname::text FROM pg_database WHERE datname LIKE 'code\\_review\\_%'";
    let names: Vec<Name> = diesel::sql_query(names).load(conn).await.unwrap();
    for Name { datname } in names {
        let since = datname.split('_').nth(2).and_then(|it| it.parse::<u64>().ok());
        if since.is_some_and(|it| it + LEFT_OVER < seconds()) {
            // Another process may sweep too.
            let _ = conn.batch_execute(&format!("DROP DATABASE IF EXISTS {datname} WITH (FORCE)")).await;
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    datname: String,
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

//! A database of a test's own.

use diesel::{QueryResult, QueryableByName, sql_query, sql_types::BigInt};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use job_core::store::StoreUrl;
use job_store_pg::{PgOptions, PgStore};
use std::{
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

/// How old a database must be for its test to have ended without dropping it, in seconds.
const LEFT_OVER: u64 = 3600;

/// A database with the tables of a store, which is dropped when the test ends.
#[derive(Debug)]
pub(super) struct Database {
    name: String,
    server: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

impl Database {
    /// A new one on that server.
    pub(super) async fn new(server: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut conn = AsyncPgConnection::establish(server).await.unwrap();
        if number == 0 {
            sweep(&mut conn).await;
        }
        let name = format!("test_{}_{}_{number}", seconds(), process::id());
        conn.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let database = Self { name, server: server.to_owned() };
        PgStore::connect(&database.options()).await.unwrap().migrate().await.unwrap();
        database
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, on the server or behind a proxy with this URL.
    pub(super) fn at(&self, server: &str) -> String {
        let (server, words) = server.split_once('?').unwrap_or((server, ""));
        let authority = server.find("://").map_or(0, |it| it + 3);
        let path = server[authority..].find('/').map_or(server.len(), |it| authority + it);
        let glue = if words.is_empty() { "" } else { "&" };
        format!("{}/{}?{words}{glue}application_name={}", &server[..path], self.name, self.name)
    }

    /// Where it is.
    pub(super) fn url(&self) -> String {
        self.at(&self.server)
    }

    /// The same, as a store is opened.
    pub(super) fn store_url(&self, server: &str) -> StoreUrl {
        // Group roles belong to the whole server, where tests would meet over them.
        StoreUrl::new(format!("{}&roles=false", self.at(server)))
    }

    pub(super) fn options(&self) -> PgOptions {
        PgOptions::new(&self.url()).unwrap().roles(false)
    }

    /// A connection to it.
    pub(super) async fn connect(&self) -> AsyncPgConnection {
        AsyncPgConnection::establish(&self.url()).await.unwrap()
    }

    /// The number `n` in the one row of `sql`, in which `{app}` stands for its sessions' `application_name`.
    pub(super) async fn number(&self, sql: &str) -> i64 {
        number(&mut self.connect().await, &sql.replace("{app}", &self.name)).await.unwrap()
    }
}

/// The number `n` in the one row of `sql`.
pub(super) async fn number(conn: &mut AsyncPgConnection, sql: &str) -> QueryResult<i64> {
    sql_query(sql).get_result::<Number>(conn).await.map(|it| it.n)
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, drop) = (self.server.clone(), dropping(&self.name));
        let dropped = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                AsyncPgConnection::establish(&server).await.unwrap().batch_execute(&drop).await
            })
        });
        let dropped = dropped.join();
        // A test that fails already has a better reason.
        if !thread::panicking() {
            dropped.unwrap().unwrap();
        }
    }
}

fn dropping(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
}

/// Drops what tests left that were ended from outside.
async fn sweep(conn: &mut AsyncPgConnection) {
    let names = "SELECT datname::text AS name FROM pg_database WHERE datname ~ '^test_[0-9]+_[0-9]+_[0-9]+$'";
    for Name { name } in sql_query(names).load::<Name>(conn).await.unwrap() {
        let since = name.split('_').nth(1).and_then(|it| it.parse::<u64>().ok());
        if since.is_some_and(|it| it + LEFT_OVER < seconds()) {
            // Another process may sweep too.
            let _ = conn.batch_execute(&dropping(&name)).await;
        }
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

//! A schema of its own for a test on PostgreSQL, where there is a server.

use job_core::store::StoreUrl;
use std::{
    env,
    io::Write,
    process,
    sync::{
        Once,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio_postgres::NoTls;

/// A schema, which is dropped with what is in it when the test ends.
#[derive(Debug)]
pub(crate) struct Schema {
    /// The URL of the server.
    pub(crate) server: String,
    pub(crate) name: String,
    /// Whether it has group roles, which are dropped with it; not, if nobody says so.
    pub(crate) roles: bool,
}

impl Schema {
    /// A new one, made by the store that is opened in it; `None` without a server, which is said once.
    ///
    /// The server is that of `DATABASE_URL`. With `REQUIRE_POSTGRES=1` there must be one.
    pub(crate) fn new() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        static SAID: Once = Once::new();
        let Ok(server) = env::var("DATABASE_URL") else {
            assert_ne!(env::var("REQUIRE_POSTGRES").as_deref(), Ok("1"), "DATABASE_URL is not set");
            // Past the harness, which would keep it to itself.
            SAID.call_once(|| {
                let _ = writeln!(std::io::stderr(), "PostgreSQL tests not run: DATABASE_URL is not set");
            });
            return None;
        };
        // Begins with the time, by which others that sweep see whether its test has ended long ago.
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Some(Self { server, name: format!("test_{seconds}_{}_lab{number}", process::id()), roles: false })
    }

    /// How a store in it is opened. No test pulls the plug, so none waits for the disk.
    pub(crate) fn url(&self) -> StoreUrl {
        let glue = if self.server.contains('?') { '&' } else { '?' };
        let words = format!("options=-csynchronous_commit%3Doff&roles={}", self.roles);
        StoreUrl::new(format!("{}{glue}{words}&schema={}", self.server, self.name))
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let mut drop = format!("DROP SCHEMA IF EXISTS {} CASCADE;", self.name);
        for role in ["producer", "worker", "operator", "viewer"].iter().filter(|_| self.roles) {
            drop.push_str(&format!("DROP ROLE IF EXISTS {}_{role};", self.name));
        }
        let server = self.server.clone();
        let dropped = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (client, connection) = tokio_postgres::connect(&server, NoTls).await.unwrap();
                tokio::spawn(connection);
                client.batch_execute(&drop).await.unwrap();
            });
        });
        // A test that fails already has a better reason.
        if !thread::panicking() {
            dropped.join().unwrap();
        }
    }
}

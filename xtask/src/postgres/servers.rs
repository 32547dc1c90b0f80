//! The servers that the tests of PostgreSQL run on, and how tests are told of them.

use std::env;
use std::error::Error;
use std::process::Command;
use std::thread;

use super::{FLEETING, ThrowAway};

/// Throw-away clusters for one run of the tests.
#[derive(Debug)]
pub(crate) struct Servers {
    /// None if `DATABASE_URL` names a server already, or this machine has none.
    shared: Option<ThrowAway>,
    /// A second one, for tests that kill their server.
    expendable: Option<ThrowAway>,
    named: bool,
}

impl Servers {
    /// Starts what this machine can and `DATABASE_URL` has not named.
    ///
    /// # Errors
    ///
    /// If there is a server that does not start.
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let named = env::var_os("DATABASE_URL").is_some_and(|url| !url.is_empty());
        let start = |name| ThrowAway::start(name, FLEETING).map_err(|error| error.to_string());
        let (shared, expendable) = thread::scope(|scope| {
            let expendable = scope.spawn(|| start("expendable"));
            let shared = if named { Ok(None) } else { start("shared") };
            (shared, expendable.join().unwrap_or_else(|_| Err("its thread panicked".to_owned())))
        });
        let refuse = |error| format!("no cluster for the tests of PostgreSQL: {error}");
        Ok(Self { shared: shared.map_err(refuse)?, expendable: expendable.map_err(refuse)?, named })
    }

    /// Whether no server is there at all.
    pub(crate) const fn are_missing(&self) -> bool {
        !self.named && self.shared.is_none()
    }

    /// Which tests cannot run without a server that is not there.
    pub(crate) const fn left_out(&self) -> Option<&'static str> {
        if self.are_missing() {
            Some("the tests of PostgreSQL were not run")
        } else if self.expendable.is_none() {
            Some("the tests that kill a PostgreSQL server were not run")
        } else {
            None
        }
    }

    /// Tells the tests that `call` runs where their servers are.
    pub(crate) fn tell(&self, call: &mut Command) {
        if let Some(shared) = &self.shared {
            call.env("DATABASE_URL", shared.url()).env("REQUIRE_POSTGRES", "1");
        }
        if self.are_missing() {
            call.env_remove("DATABASE_URL"); // an empty one names no server
        }
        // Only a cluster of ours is one to kill, whatever the user's environment says.
        for name in ["EXPENDABLE_DATABASE_URL", "EXPENDABLE_PG_CTL"] {
            call.env_remove(name);
        }
        if let Some(expendable) = &self.expendable {
            call.env("EXPENDABLE_DATABASE_URL", expendable.url());
            call.env("EXPENDABLE_PG_CTL", expendable.pg_ctl());
        }
    }
}

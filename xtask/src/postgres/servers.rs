//! The servers that the tests of PostgreSQL run on, and how tests are told of them.

use std::env;
use std::error::Error;
use std::process::Command;
use std::thread;

use super::{FLEETING, HOW_TO_INSTALL, ThrowAway};

/// Throw-away clusters for one run of the tests.
#[derive(Debug)]
pub(crate) struct Servers {
    /// None if `DATABASE_URL` names a server already, or this machine has none.
    shared: Option<ThrowAway>,
    /// A second one, for tests that kill their server.
    expendable: Option<ThrowAway>,
    /// A third one that speaks TLS, which the others do not.
    encrypted: Option<ThrowAway>,
    /// What `DATABASE_URL` says.
    named: Option<String>,
}

impl Servers {
    /// Starts what this machine can and `DATABASE_URL` has not named.
    ///
    /// # Errors
    ///
    /// If there is a server that does not start.
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let named = env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
        let text = |error: Box<dyn Error>| error.to_string();
        let start = |name| ThrowAway::start(name, FLEETING).map_err(text);
        let (shared, expendable, encrypted) = thread::scope(|scope| {
            let expendable = scope.spawn(|| start("expendable"));
            let encrypted = scope.spawn(|| ThrowAway::start_encrypted("encrypted", FLEETING).map_err(text));
            let shared = if named.is_some() { Ok(None) } else { start("shared") };
            let panicked = |_| Err("its thread panicked".to_owned());
            (shared, expendable.join().unwrap_or_else(panicked), encrypted.join().unwrap_or_else(panicked))
        });
        let refuse = |error| format!("no cluster for the tests of PostgreSQL: {error}");
        let (shared, expendable) = (shared.map_err(refuse)?, expendable.map_err(refuse)?);
        Ok(Self { shared, expendable, encrypted: encrypted.map_err(refuse)?, named })
    }

    /// Whether no server is there at all.
    pub(crate) const fn are_missing(&self) -> bool {
        self.named.is_none() && self.shared.is_none()
    }

    /// Which tests cannot run for want of what is not there, and how to get it.
    pub(crate) fn left_out(&self) -> Option<String> {
        if self.are_missing() {
            Some(format!("the tests of PostgreSQL were not run; {HOW_TO_INSTALL}"))
        } else if self.expendable.is_none() {
            Some(format!(
                "the tests that kill a PostgreSQL server, and those of TLS, were not run; {HOW_TO_INSTALL}"
            ))
        } else if self.encrypted.is_none() {
            Some(
                "the tests of TLS were not run; install openssl, which makes certificates for them"
                    .to_owned(),
            )
        } else {
            None
        }
    }

    /// Tells the tests that `call` runs where their servers are.
    pub(crate) fn tell(&self, call: &mut Command) {
        if let Some(shared) = &self.shared {
            call.env("DATABASE_URL", shared.url()).env("REQUIRE_POSTGRES", "1");
        }
        if let Some(named) = &self.named {
            call.env("DATABASE_URL", in_plain(named));
        }
        if self.are_missing() {
            call.env_remove("DATABASE_URL"); // an empty one names no server
        }
        // Only a cluster of ours is one to kill, whatever the user's environment says.
        for name in [
            "EXPENDABLE_DATABASE_URL",
            "EXPENDABLE_PG_CTL",
            "ENCRYPTED_DATABASE_URL",
            "ENCRYPTED_CERTIFICATES",
        ] {
            call.env_remove(name);
        }
        if let Some(expendable) = &self.expendable {
            call.env("EXPENDABLE_DATABASE_URL", expendable.url());
            call.env("EXPENDABLE_PG_CTL", expendable.pg_ctl());
        }
        if let Some((encrypted, certificates)) =
            self.encrypted.as_ref().and_then(|it| Some((it, it.certificates()?)))
        {
            call.env("ENCRYPTED_DATABASE_URL", encrypted.url());
            call.env("ENCRYPTED_CERTIFICATES", certificates);
        }
    }
}

/// A URL that says nothing of encryption, without: proxies of the tests read along.
fn in_plain(url: &str) -> String {
    if url.contains("sslmode=") {
        return url.to_owned();
    }
    let glue = if url.contains('?') { '&' } else { '?' };
    format!("{url}{glue}sslmode=disable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_own_server_is_spoken_to_in_plain_unless_they_say_otherwise() {
        assert_eq!(in_plain("postgres://h/db"), "postgres://h/db?sslmode=disable");
        assert_eq!(in_plain("postgres://h/db?x=1"), "postgres://h/db?x=1&sslmode=disable");
        assert_eq!(in_plain("postgres://h/db?sslmode=require"), "postgres://h/db?sslmode=require");
    }
}

//! What stands in for the clusters on systems that are not Unix: none, and words that say so.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode};

/// What the settings would be.
pub(crate) const FLEETING: &[&str] = &[];
pub(crate) const DURABLE: &[&str] = &[];

/// A server that was started for the tests, which does not happen here.
#[derive(Debug)]
pub(crate) enum ThrowAway {}

impl ThrowAway {
    /// None: `DATABASE_URL` must name a server.
    pub(crate) fn start(_: &str, _: &[&str]) -> Result<Option<Self>, Box<dyn Error>> {
        Ok(None)
    }

    /// None likewise.
    pub(crate) fn start_encrypted(_: &str, _: &[&str]) -> Result<Option<Self>, Box<dyn Error>> {
        Ok(None)
    }

    /// Where its certificates are.
    pub(crate) fn certificates(&self) -> Option<&Path> {
        match *self {}
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        match *self {}
    }

    /// Leaves it to another process.
    pub(crate) fn leave_to(&mut self, _: &mut Command) {
        match *self {}
    }

    /// How to stop and start it.
    pub(crate) fn pg_ctl(&self) -> &OsStr {
        match *self {}
    }
}

/// Refuses.
pub(crate) fn run(_: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    Err("clusters are made on Unix only; install a PostgreSQL server and set DATABASE_URL".into())
}

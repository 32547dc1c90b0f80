//! What stands in for TLS where the feature `tls` is off.

use super::Tls;
use std::convert::Infallible;
use tokio_postgres::Error;

pub(crate) use tokio_postgres::NoTls as Inner;

/// No file is read.
pub(crate) type FileError = Infallible;

/// Nothing: [`Tls::new`] lets no mode pass that needs more.
pub(crate) fn load(_: &Tls) -> Result<Inner, FileError> {
    Ok(Inner)
}

/// No handshake fails.
#[derive(Debug)]
pub(crate) enum Fault {}

impl Fault {
    pub(crate) fn of(_: &Error) -> Option<Self> {
        None
    }

    pub(crate) fn lasts(&self) -> bool {
        match *self {}
    }

    pub(crate) fn advice(&self, _: &Tls) -> String {
        match *self {}
    }
}

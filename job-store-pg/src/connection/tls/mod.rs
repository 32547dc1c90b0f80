//! TLS between the store and the server: what a URL asks of it, in libpq's words.

#[cfg(feature = "tls")]
mod fault;
#[cfg(feature = "tls")]
mod files;
mod settings;
#[cfg(feature = "tls")]
mod verifier;
#[cfg(not(feature = "tls"))]
mod without;
mod witness;

#[cfg(feature = "tls")]
pub(crate) use fault::Fault;
#[cfg(feature = "tls")]
pub(crate) use files::{FileError, Inner, load};
#[cfg(feature = "tls")]
use settings::{Check, Identity, Roots};
pub(crate) use settings::{KEYS, Tls, When};
#[cfg(not(feature = "tls"))]
pub(crate) use without::{Fault, FileError, Inner, load};
pub(crate) use witness::Witness;

/// What connections speak through.
pub(crate) type Stream = <Inner as tokio_postgres::tls::MakeTlsConnect<tokio_postgres::Socket>>::Stream;

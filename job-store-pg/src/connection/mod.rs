//! From a URL to a connection in the hands of one call.

pub(crate) mod advice;
pub(crate) mod open;
pub(crate) mod options;
pub(crate) mod pool;
pub(crate) mod pooler;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod silence;
pub(crate) mod tls;

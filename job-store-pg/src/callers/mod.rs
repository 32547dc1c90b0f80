//! What works on the application's own connection, inside its own transaction.

pub(crate) mod bulk;
pub(crate) mod complete;
pub(crate) mod drafts;
pub(crate) mod enqueue;
pub(crate) mod jobs;
pub mod sync;

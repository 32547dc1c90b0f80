//! What can go wrong with a store, named by what the caller can do.

use crate::{BoxError, JobId};

/// The store broke. Lost races are values, not errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Not reachable, locked or overloaded just now. Whether the call was done is unknown; every call of
    /// [`JobStore`](super::JobStore) may be made again.
    #[error("the job store is not available just now; the call may be made again")]
    Unavailable(#[source] BoxError),
    /// The store does not let us: a read-only file, a missing permission. Nothing was done.
    #[error("the job store refuses the call: check its permissions")]
    Denied(#[source] BoxError),
    /// Its tables are missing or of another version. Nothing was done.
    #[error("the job store has other tables than this program expects: migrate it, or update the program")]
    Schema(#[source] BoxError),
    /// A row cannot be read where the call needs it.
    #[error("job {id} cannot be read: somebody wrote its row past the store, or a newer version did")]
    Corrupt {
        /// The row.
        id: JobId,
        /// What is wrong with it.
        source: BoxError,
    },
    /// Anything else: a full disk, a damaged file, a bug.
    #[error("the job store failed")]
    Other(#[source] BoxError),
}

impl StoreError {
    /// Whether the same call may succeed if it is made again a little later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

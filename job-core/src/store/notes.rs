//! The second trait of a store: append-only records.

use super::StoreError;
use crate::{Note, NoteFilter, Noted};
use async_trait::async_trait;
use std::{fmt::Debug, num::NonZeroU32};

/// Keeps notes: attempts that did not succeed, log lines, script runs, operators' actions.
///
/// A [`Change`](crate::Change) may carry a note that is kept in its own statement. The notes of a job go with it.
///
/// # Errors
///
/// Both methods fail with [`StoreError`] when the store broke.
#[async_trait]
pub trait Notes: Debug + Send + Sync + 'static {
    /// Appends notes, in this order. A note about a job that is gone is dropped.
    async fn append(&self, notes: &[Note]) -> Result<(), StoreError>;

    /// The notes that fit, the newest first, at most `limit`. The page before is `below` the last number.
    async fn notes(&self, filter: &NoteFilter, limit: NonZeroU32) -> Result<Vec<Noted>, StoreError>;
}

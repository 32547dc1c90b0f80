//! What is noted, and when that was.

use job_core::Timestamp;
use serde::Serialize;

/// A note's body, and when it was noted.
#[derive(Debug, Serialize)]
pub(super) struct Dated<T> {
    pub(super) at: Timestamp,
    #[serde(flatten)]
    pub(super) body: T,
}

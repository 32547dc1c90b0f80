//! The raw ceiling: the least that does the same work by hand, without any of our code.

use super::enqueue::Enqueue;
use async_trait::async_trait;
use job_core::{BoxError, Then};

/// What a workload costs at least on some store. Its rows are narrow, and keep what a queue of jobs has to keep: a
/// number, the args, a queue, a rank, a due date, a status, an attempt; who has it until when, and when it ended.
#[async_trait]
pub(super) trait Ceiling: Send {
    /// Inserts `jobs` jobs in the given way, each insert durable before its caller makes the next.
    ///
    /// # Errors
    ///
    /// If the store under it fails.
    async fn insert(&mut self, jobs: u32, how: Enqueue) -> Result<(), BoxError>;

    /// Fetches the jobs that wait, `batch` at a time, and completes each batch before the next, until none waits.
    /// Says how many were completed.
    ///
    /// # Errors
    ///
    /// If the store under it fails.
    async fn drain(&mut self, batch: u32, then: Then) -> Result<u32, BoxError>;
}

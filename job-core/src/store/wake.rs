//! Wake-ups: an optional ability of a store. Polling alone is always correct; this only makes it faster.

use crate::QueueName;
use async_trait::async_trait;
use std::fmt::Debug;

/// Tells when looking for work is worth it.
#[async_trait]
pub trait Wake: Debug + Send + Sync + 'static {
    /// Ends when one of `queues` may have got work since this was called last; may also end for no reason, and
    /// may miss what happened, so a runner polls all the same.
    async fn woken(&self, queues: &[QueueName]);
}

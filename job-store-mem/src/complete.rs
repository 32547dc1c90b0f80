//! Completion within a handler, where a store on disk has `complete_on`.

use crate::{SCHEME, store::MemStore};
use job_core::{AttemptLost, Clock, Completed, Completion};

/// Completes the job, as the last thing that the handler of a transactional job does, in tests on this store.
///
/// A memory store has no transaction to be part of: what the handler did before is kept even if this fails.
///
/// # Errors
///
/// [`CompleteError`], and then the job is not completed.
pub fn complete(store: &MemStore, completion: Completion) -> Result<Completed, CompleteError> {
    let parts = completion.parts();
    if parts.store != SCHEME {
        return Err(CompleteError::OtherStore { claimed_from: parts.store });
    }
    let mut tables = store.tables();
    let change = parts.change(store.time(Clock::Store))?;
    let replies = store.change(&mut tables, &[change]);
    if replies.iter().all(|it| it.is_applied()) { Ok(parts.completed()) } else { Err(parts.lost().into()) }
}

/// The job could not be completed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CompleteError {
    /// The attempt lost its job.
    #[error(transparent)]
    Lost(#[from] AttemptLost),
    /// The job was claimed from a store of another kind.
    #[error("the job was claimed from a {claimed_from} store; complete it there, not in a memory store")]
    OtherStore {
        /// The scheme of that store.
        claimed_from: &'static str,
    },
}

//! Where the lines go that handlers log.

use crate::pump::outbox::BATCH;
use job_core::{
    Note,
    store::{Notes, StoreError},
};
use std::{error::Error, sync::Arc};
use tracing::warn;

/// Stores `lines`, a batch at a time, and leaves in them what a store that is away has not taken. What it refuses for
/// another reason is only in the log: no job waits for that.
pub(crate) async fn store(notes: &Arc<dyn Notes>, lines: &mut Vec<Note>) -> Result<(), StoreError> {
    while !lines.is_empty() {
        let batch = lines.len().min(BATCH);
        match notes.append(&lines[..batch]).await {
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => {
                warn!(
                    error = &error as &dyn Error,
                    lines = batch,
                    "Lines that jobs logged cannot be stored."
                );
            }
            Ok(()) => {}
        }
        lines.drain(..batch);
    }
    Ok(())
}

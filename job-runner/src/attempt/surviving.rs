//! Calls of code that is not ours, and that may fail, panic or never answer.

use job_core::{BoxError, Text};
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

/// How long a reporter, a notifier, a hook, or what a job says about itself may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Runs `call` in a task of its own; `Err` with a text if it fails, panics or does not end in time. Then it is dropped.
pub(crate) async fn surviving(
    call: impl Future<Output = Result<(), BoxError>> + Send + 'static,
) -> Result<(), Text> {
    // The error becomes text inside, where a panic of its own does no harm.
    let task = tokio::spawn(async move { call.await.map_err(|error| Text::of_error(&*error)) });
    match timeout(PATIENCE, AbortOnDropHandle::new(task)).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(Text::new(error)),
        Err(_) => Err(Text::new(format_args!("no answer in {PATIENCE:?}"))),
    }
}

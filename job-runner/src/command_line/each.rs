//! Does something to each of several jobs.

use super::{error::CommandError, exit::Exit, output::Output};
use job_core::{IdPrefix, Job};

/// Does `one` to the job of each id, in this order, and tells what became of it. What cannot be done to one job is told
/// too, and keeps it from no other.
pub(super) async fn each(
    ids: &[IdPrefix],
    output: &mut Output,
    one: impl AsyncFn(&IdPrefix) -> Result<(Job, &'static str), CommandError>,
) -> Result<Exit, CommandError> {
    let mut exit = Exit::Done;
    for prefix in ids {
        match one(prefix).await {
            Ok((job, done)) => {
                // The digits that were enough to find it are enough to name it.
                let id = job.id.prefix(prefix.to_string().len());
                output.line(&format!("{} {id} {done}", job.spec.type_name))?;
            }
            Err(error) if error.is_of_one_job() => {
                // What was done before it is read before it.
                output.flush()?;
                error.print();
                exit = Exit::Failed;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(exit)
}

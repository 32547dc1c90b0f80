//! Does something to each of several jobs.

use crate::command_line::{error::CommandError, exit::Exit, output::Output};
use job_core::{IdPrefix, Job, JobId};

/// What became of a job.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) id: JobId,
    /// Its type, as far as it is known.
    pub(super) type_name: String,
    pub(super) word: &'static str,
}

impl Done {
    pub(super) fn to(job: &Job, word: &'static str) -> Self {
        Self { id: job.id, type_name: job.spec.type_name.to_string(), word }
    }
}

/// Does `one` to the job of each id, in this order, and tells what became of it. What cannot be done to one job is told
/// too, and keeps it from no other.
pub(super) async fn each(
    ids: &[IdPrefix],
    output: &mut Output,
    one: impl AsyncFn(&IdPrefix) -> Result<Done, CommandError>,
) -> Result<Exit, CommandError> {
    let mut exit = Exit::Done;
    for prefix in ids {
        match one(prefix).await {
            Ok(Done { id, type_name, word }) => {
                // The digits that were enough to find it are enough to name it.
                let id = id.prefix(prefix.to_string().len());
                output.line(&format!("{type_name} {id} {word}"))?;
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

//! `jobs delete`.

use super::{args::Delete, error::CommandError, ids, operator::Operator, output::Output};
use job_core::{
    About, IdPrefix, Job,
    store::{Deletion, Opened},
};

/// Deletes the jobs, one after the other, up to the first that may not be deleted.
pub(super) async fn run(opened: &Opened, args: Delete, output: &mut Output) -> Result<(), CommandError> {
    let operator = Operator::here(args.reason);
    for prefix in &args.ids {
        let job = ids::find(&*opened.store, prefix).await?;
        delete(opened, &job, prefix, args.force).await?;
        // The notes of a job go with it, so this one is about the store.
        let action = format!("delete {} job {}", job.spec.type_name, job.id);
        operator.note(opened, About::Store, &action).await?;
        output.line(&format!(
            "{} {} deleted",
            job.spec.type_name,
            job.id.prefix(prefix.to_string().len())
        ))?;
    }
    Ok(())
}

async fn delete(opened: &Opened, job: &Job, prefix: &IdPrefix, force: bool) -> Result<(), CommandError> {
    let status = job.state.status();
    if !(status.is_final() || force) {
        return Err(CommandError::Pending { prefix: prefix.clone(), status });
    }
    match opened.store.delete(&Deletion::Ids(vec![job.id])).await? {
        0 => Err(CommandError::NoJob(prefix.clone())),
        _ => Ok(()),
    }
}

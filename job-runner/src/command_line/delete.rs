//! `jobs delete`.

use super::{
    args::Delete, each::each, error::CommandError, exit::Exit, ids, operator::Operator, output::Output,
};
use job_core::{
    About, IdPrefix, Job,
    store::{Deletion, Opened},
};

/// Deletes each of the jobs that may be deleted.
pub(super) async fn run(opened: &Opened, args: Delete, output: &mut Output) -> Result<Exit, CommandError> {
    let operator = Operator::here(args.reason);
    each(&args.ids, output, async |prefix| {
        let job = ids::find(&*opened.store, prefix).await?;
        delete(opened, &job, prefix, args.force).await?;
        // The notes of a job go with it, so this one is about the store.
        let action = format!("delete {} job {}", job.spec.type_name, job.id);
        operator.note(opened, About::Store, &action).await?;
        Ok((job, "deleted"))
    })
    .await
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

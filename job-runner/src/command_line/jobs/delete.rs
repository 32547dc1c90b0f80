//! `jobs delete`.

use super::each::{Done, each};
use crate::command_line::{
    args::Delete, error::CommandError, exit::Exit, ids, operator::Operator, output::Output,
};
use job_core::{
    About, IdPrefix, Job,
    store::{Deletion, Opened, Unreadable},
};

/// Deletes each of the jobs that may be deleted; those that cannot be read too, which nothing else can be done with.
pub(super) async fn run(opened: &Opened, args: Delete, output: &mut Output) -> Result<Exit, CommandError> {
    let operator = Operator::here(args.reason);
    each(&args.ids, output, async |prefix| {
        let row = ids::find_row(&*opened.store, prefix).await?;
        let done = may_go(row, prefix, args.force)?;
        if opened.store.delete(&Deletion::Ids(vec![done.id])).await? == 0 {
            return Err(CommandError::NoJob(prefix.clone()));
        }
        // The notes of a job go with it, so this one is about the store.
        let action = format!("delete {} job {}", done.type_name, done.id);
        operator.note(opened, About::Store, &action).await?;
        Ok(done)
    })
    .await
}

/// What is told of the job once it is deleted; an error if it may not be.
fn may_go(row: Result<Job, Unreadable>, prefix: &IdPrefix, force: bool) -> Result<Done, CommandError> {
    match row {
        Ok(job) => {
            let status = job.state.status();
            if !(status.is_final() || force) {
                return Err(CommandError::Pending { prefix: prefix.clone(), status });
            }
            Ok(Done::to(&job, "deleted"))
        }
        Err(Unreadable { id, state, .. }) if force => {
            let type_name = state.map_or_else(|| "unreadable".to_owned(), |it| it.0.to_string());
            Ok(Done { id, type_name, word: "deleted" })
        }
        Err(Unreadable { source, .. }) => Err(CommandError::Unreadable { prefix: prefix.clone(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use job_testing::factory::{job, noon};

    #[test]
    fn a_row_that_cannot_be_read_may_go_by_force_and_a_pending_job_only_so() {
        let pending = || job(*job_core::JobId::BOUNDS.start()).created(noon());
        let prefix: IdPrefix = pending().id.prefix(12).parse().unwrap();
        let refused = may_go(Ok(pending()), &prefix, false).unwrap_err();
        assert!(matches!(refused, CommandError::Pending { .. }), "{refused}");
        assert_eq!(may_go(Ok(pending()), &prefix, true).unwrap().type_name, "test");
        for (state, told) in
            [(Some(Box::new(("test".parse().unwrap(), pending().state))), "test"), (None, "unreadable")]
        {
            let row = || Err(Unreadable { id: pending().id, state: state.clone(), source: "no JSON".into() });
            let refused = may_go(row(), &prefix, false).unwrap_err();
            assert!(matches!(refused, CommandError::Unreadable { .. }), "{refused}");
            assert_eq!(may_go(row(), &prefix, true).unwrap().type_name, told);
        }
    }
}

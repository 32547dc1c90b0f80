//! `jobs cancel`, `retry`, `suspend` and `resume`.

use super::each::{Done, each};
use crate::{
    clock::actor,
    command_line::{args::Operate, error::CommandError, exit::Exit, ids, operator::Operator, output::Output},
};
use job_core::{
    About, ActorId, IdPrefix, Job, JobStatus, Start, Text,
    store::{JobStoreExt, Opened, OperateError, Operation},
};

/// What an operator wants done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    Cancel,
    Retry { keep_attempts: bool },
    Suspend,
    Resume,
}

impl Wish {
    const fn word(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry { .. } => "retry",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
        }
    }

    /// What to do to a job in `status`.
    fn operation(self, status: JobStatus, reason: &Text) -> Operation {
        match self {
            Self::Cancel => Operation::Cancel(reason.clone()),
            Self::Suspend => Operation::Suspend(reason.clone()),
            Self::Resume => Operation::Resume,
            // It would run again by itself, only later.
            Self::Retry { .. } if status == JobStatus::Waiting => Operation::Reschedule(Start::Now),
            Self::Retry { keep_attempts } => Operation::Requeue { keep_attempts },
        }
    }

    /// What became of the job.
    fn done(self, job: &Job) -> &'static str {
        match (self, job.state.superseded_by()) {
            (Self::Suspend, Some(_)) => "superseded, because another job holds its key",
            (Self::Cancel, _) => "cancelled",
            (Self::Retry { .. }, _) => "waits to run again",
            (Self::Suspend, _) => "suspended",
            (Self::Resume, _) => "waits again",
        }
    }
}

/// Does it to each of the jobs that allow it.
pub(super) async fn run(
    opened: &Opened,
    wish: Wish,
    args: Operate,
    output: &mut Output,
) -> Result<Exit, CommandError> {
    let operator = Operator::here(args.reason);
    let command = Command { opened, wish, by: actor(), operator };
    each(&args.ids, output, async |prefix| {
        let job = command.one(prefix).await?;
        Ok(Done::to(&job, wish.done(&job)))
    })
    .await
}

struct Command<'a> {
    opened: &'a Opened,
    wish: Wish,
    by: ActorId,
    operator: Operator,
}

impl Command<'_> {
    async fn one(&self, prefix: &IdPrefix) -> Result<Job, CommandError> {
        let Self { opened, wish, by, .. } = *self;
        let job = ids::find(&*opened.store, prefix).await?;
        let status = job.state.status();
        if matches!(wish, Wish::Retry { .. }) && status == JobStatus::Suspended {
            return Err(CommandError::Suspended(prefix.clone()));
        }
        let operation = wish.operation(status, &self.operator.reason());
        let done = opened.store.operate(job.id, operation, by, opened.clock).await;
        let job = done.map_err(|error| match error {
            OperateError::NotAllowed(problem) => CommandError::NotAllowed { prefix: prefix.clone(), problem },
            other => other.into(),
        })?;
        self.operator.note(opened, About::Job(job.id), wish.word()).await?;
        Ok(job)
    }
}

//! `jobs`, as it is typed.

use super::{Place, WIDEST, count};
use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use job_core::{IdPrefix, JobStatus, LabelError, QueueName, Tag, Target, TypeName};
use std::num::NonZeroU32;

/// What the verbs that take several ids say of them.
const SEVERAL: &str = "\
If an id is not even the beginning of one, nothing is done. If a job is not
there, or does not allow it, that is told, the others are done, and the command
ends with 1.";

/// `jobs`
#[derive(Debug, Args)]
#[command(
    after_help = "\
To hold back all jobs of a queue or a type, see `queues pause` and `types pause`.

Exit codes: 0 done, 1 not possible, 2 wrong command or configuration.",
    max_term_width = WIDEST
)]
pub struct Jobs {
    #[command(flatten)]
    pub(in crate::command_line) place: Place,
    #[command(subcommand)]
    pub(in crate::command_line) command: JobsCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::command_line) enum JobsCommand {
    /// List jobs, the newest first
    List(List),
    /// Show all about one job
    Show(Show),
    /// Call jobs off; a running one is told at its next heartbeat
    Cancel(Operate),
    /// Have jobs run again: final ones from the start, waiting ones at once
    Retry(Retry),
    /// Set jobs aside until they are resumed
    Suspend(Operate),
    /// Let suspended jobs wait for their turn again
    Resume(Operate),
    /// Delete jobs, with all that is noted about them
    Delete(Delete),
}

#[derive(Debug, Args)]
#[command(after_help = "\
WHEN is when a waiting job may start, a running one started, a final one ended;
ago or ahead on a terminal, and in UTC elsewhere.")]
pub(in crate::command_line) struct List {
    /// Only jobs of this type; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    pub(in crate::command_line) types: Vec<TypeName>,
    /// Only jobs in this status; may be repeated
    #[arg(long = "status", value_name = "STATUS", value_parser = statuses())]
    pub(in crate::command_line) statuses: Vec<JobStatus>,
    /// Only jobs of this queue; may be repeated
    #[arg(long = "queue", value_name = "QUEUE")]
    pub(in crate::command_line) queues: Vec<QueueName>,
    /// Only jobs about exactly this, as TARGET shows it, such as 'proposal 5'
    #[arg(long, value_parser = target)]
    pub(in crate::command_line) target: Option<Target>,
    /// Only jobs with this tag
    #[arg(long, value_parser = tag)]
    pub(in crate::command_line) tag: Option<Tag>,
    /// At most this many
    #[arg(long, value_name = "N", default_value = "50", value_parser = count)]
    pub(in crate::command_line) limit: NonZeroU32,
    /// The oldest first
    #[arg(long)]
    pub(in crate::command_line) oldest: bool,
    /// One JSON object a line
    #[arg(long)]
    pub(in crate::command_line) json: bool,
}

#[derive(Debug, Args)]
pub(in crate::command_line) struct Show {
    /// The job's id, or enough of its first digits
    #[arg(value_name = "ID")]
    pub(in crate::command_line) id: IdPrefix,
    /// One JSON object
    #[arg(long)]
    pub(in crate::command_line) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = SEVERAL)]
pub(in crate::command_line) struct Operate {
    /// Ids of jobs, or enough of their first digits
    #[arg(value_name = "ID", required = true)]
    pub(in crate::command_line) ids: Vec<IdPrefix>,
    /// Why; kept with the job
    #[arg(long)]
    pub(in crate::command_line) reason: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = SEVERAL)]
pub(in crate::command_line) struct Retry {
    #[command(flatten)]
    pub(in crate::command_line) operate: Operate,
    /// Go on counting attempts where they stand
    #[arg(long)]
    pub(in crate::command_line) keep_attempts: bool,
}

#[derive(Debug, Args)]
#[command(after_help = SEVERAL)]
pub(in crate::command_line) struct Delete {
    /// Ids of jobs, or enough of their first digits
    #[arg(value_name = "ID", required = true)]
    pub(in crate::command_line) ids: Vec<IdPrefix>,
    /// Why; kept in the store
    #[arg(long)]
    pub(in crate::command_line) reason: Option<String>,
    /// Also jobs that have not ended; one that runs is told at its next heartbeat
    #[arg(long)]
    pub(in crate::command_line) force: bool,
}

fn statuses() -> impl TypedValueParser<Value = JobStatus> {
    let words = JobStatus::ALL.map(JobStatus::word);
    // The words are all there is, so one of them is found.
    PossibleValuesParser::new(words).try_map(|word| {
        JobStatus::ALL.into_iter().find(|it| it.word() == word).ok_or_else(|| format!("no status `{word}`"))
    })
}

fn target(text: &str) -> Result<Target, LabelError> {
    Target::new(text)
}

fn tag(text: &str) -> Result<Tag, LabelError> {
    Tag::new(text)
}

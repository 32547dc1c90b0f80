//! What can be typed.

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use job_core::{IdPrefix, JobStatus, LabelError, QueueName, Tag, Target, TypeName};
use std::{num::NonZeroU32, path::PathBuf};

/// Help is no wider, however wide the terminal is; on a narrower one, nor than that. What a program sets for its own
/// parser goes before it.
const WIDEST: usize = 80;

/// Run background jobs and look after them.
#[derive(Debug, Parser)]
#[command(subcommand_required = true, arg_required_else_help = true, max_term_width = WIDEST)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The commands of the job system, for a program's own `clap` parser: give what was typed to
/// [`CommandLine::execute`](super::CommandLine::execute).
///
/// ```
/// use clap::Parser;
///
/// /// A program with a command of its own beside ours.
/// #[derive(Parser)]
/// enum Cli {
///     /// Say hello.
///     Hello,
///     #[command(flatten)]
///     Jobs(job_runner::command_line::Command),
/// }
///
/// assert!(matches!(Cli::parse_from(["app", "jobs", "list"]), Cli::Jobs(_)));
/// ```
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the jobs that are due, and exit
    ///
    /// Runs sections of the configuration, one after the other: everything that is due when a section begins. One
    /// process at a time runs a section; the lock of one that was killed ends by itself, with its lease.
    RunJobs(RunJobs),
    /// Look at jobs, and operate on them
    Jobs(Jobs),
}

/// `run-jobs`
#[derive(Debug, Args)]
#[command(after_long_help = EXIT_CODES, max_term_width = WIDEST)]
pub struct RunJobs {
    /// Sections to run, in this order
    #[arg(value_name = "SECTION")]
    pub(super) sections: Vec<String>,
    /// Run the sections of this group too, sorted by name
    #[arg(long, value_name = "GROUP", num_args = 0..=1, default_missing_value = "")]
    pub(super) group: Vec<String>,
    /// But not this section
    #[arg(short, long, value_name = "SECTION")]
    pub(super) exclude: Vec<String>,
    /// Wait for a section that is running elsewhere, instead of giving it up
    #[arg(long)]
    pub(super) wait: bool,
    #[command(flatten)]
    pub(super) place: Place,
    #[command(flatten)]
    pub(super) log: LogArgs,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    every section ran, or is disabled; jobs that failed do not change it
  1    a section could not run, or not to its end: it is running elsewhere, or
       the store cannot be used; the other sections ran
  2    the command or the configuration is wrong; nothing ran
  130  stopped by Ctrl-C, 143 by SIGTERM: nothing more was started, running
       jobs had the section's grace to end; a second signal exits at once

The log goes to standard error; standard output stays empty.";

/// Which configuration and which store.
#[derive(Clone, Debug, Args)]
pub(super) struct Place {
    #[arg(
        help = "The configuration; else $JOBS_CONFIG, or the nearest jobs.toml here or above",
        long,
        value_name = "PATH",
        global = true,
        display_order = 100
    )]
    pub(super) config: Option<PathBuf>,
    /// The store, such as sqlite:jobs.sqlite3; else the configuration's
    #[arg(long, value_name = "URL", global = true, display_order = 101)]
    pub(super) store: Option<String>,
}

/// How much is logged, and how.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct LogArgs {
    /// Log more: once for debugging, twice for everything
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(super) verbose: u8,
    /// Log only what somebody should look at
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// How to write the log
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) log_format: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(super) enum LogFormat {
    /// Level and message, as cron likes it
    #[default]
    Text,
    /// The same, after the time
    Timed,
    /// One JSON object a line, with the time and all fields
    Json,
}

/// `jobs`
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 not possible, 2 wrong command or configuration.",
    max_term_width = WIDEST
)]
pub struct Jobs {
    #[command(flatten)]
    pub(super) place: Place,
    #[command(subcommand)]
    pub(super) command: JobsCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum JobsCommand {
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
}

#[derive(Debug, Args)]
#[command(after_help = "\
WHEN is when a waiting job may start, a running one started, a final one ended;
ago or ahead on a terminal, and in UTC elsewhere.")]
pub(super) struct List {
    /// Only jobs of this type; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    pub(super) types: Vec<TypeName>,
    /// Only jobs in this status; may be repeated
    #[arg(long = "status", value_name = "STATUS", value_parser = statuses())]
    pub(super) statuses: Vec<JobStatus>,
    /// Only jobs of this queue; may be repeated
    #[arg(long = "queue", value_name = "QUEUE")]
    pub(super) queues: Vec<QueueName>,
    /// Only jobs about exactly this, as TARGET shows it, such as 'proposal 5'
    #[arg(long, value_parser = target)]
    pub(super) target: Option<Target>,
    /// Only jobs with this tag
    #[arg(long, value_parser = tag)]
    pub(super) tag: Option<Tag>,
    /// At most this many
    #[arg(long, value_name = "N", default_value = "50", value_parser = count)]
    pub(super) limit: NonZeroU32,
    /// The oldest first
    #[arg(long)]
    pub(super) oldest: bool,
    /// One JSON object a line
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The job's id, or enough of its first digits
    #[arg(value_name = "ID")]
    pub(super) id: IdPrefix,
    /// One JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Operate {
    /// Ids of jobs, or enough of their first digits
    #[arg(value_name = "ID", required = true)]
    pub(super) ids: Vec<IdPrefix>,
    /// Why; kept with the job
    #[arg(long)]
    pub(super) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Retry {
    #[command(flatten)]
    pub(super) operate: Operate,
    /// Go on counting attempts where they stand
    #[arg(long)]
    pub(super) keep_attempts: bool,
}

fn statuses() -> impl TypedValueParser<Value = JobStatus> {
    let words = JobStatus::ALL.map(JobStatus::word);
    // The words are all there is, so one of them is found.
    PossibleValuesParser::new(words).try_map(|word| {
        JobStatus::ALL.into_iter().find(|it| it.word() == word).ok_or_else(|| format!("no status `{word}`"))
    })
}

fn count(text: &str) -> Result<NonZeroU32, &'static str> {
    text.parse().map_err(|_| "write a whole number, 1 or more")
}

fn target(text: &str) -> Result<Target, LabelError> {
    Target::new(text)
}

fn tag(text: &str) -> Result<Tag, LabelError> {
    Tag::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    enum Own {
        #[command(flatten)]
        Jobs(Command),
    }

    #[test]
    fn help_fits_eighty_columns_in_a_programs_own_parser_too() {
        for command in
            [&["run-jobs"][..], &["jobs"], &["jobs", "list"], &["jobs", "show"], &["jobs", "retry"]]
        {
            let typed = [&["app"], command, &["--help"]].concat();
            let help = Own::try_parse_from(typed).unwrap_err().to_string();
            assert!(help.contains("Usage: app"), "{help}");
            assert!(help.lines().all(|it| it.chars().count() <= WIDEST), "{help}");
        }
    }
}

//! What can be typed.

mod jobs;
mod log;
mod run_jobs;
mod switches;

pub use self::{
    jobs::Jobs,
    run_jobs::RunJobs,
    switches::{Queues, Sections, Types},
};
pub(super) use self::{
    jobs::{Delete, JobsCommand, List, Operate, Show},
    log::{LogArgs, LogFormat},
    switches::{Listing, Name, Pause, SectionsCommand, SwitchCommand},
};

use clap::{Args, Parser, Subcommand};
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
    /// Run the jobs that are due, and exit; with --worker, run jobs as they fall due
    ///
    /// Runs sections of the configuration, one after the other: everything that is due when a section begins. One
    /// process at a time runs a section; the lock of one that was killed ends by itself, with its lease. With --worker,
    /// it runs them side by side until it is stopped; any number of workers may run a section.
    RunJobs(RunJobs),
    /// Look at jobs, and operate on them
    Jobs(Jobs),
    /// Look at queues, and pause or resume them
    Queues(Queues),
    /// Look at job types, and pause or resume them
    Types(Types),
    /// Look at sections and their last runs, and disable or enable them
    Sections(Sections),
}

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

fn count(text: &str) -> Result<NonZeroU32, &'static str> {
    text.parse().map_err(|_| "write a whole number, 1 or more")
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
            [&["run-jobs"][..], &["jobs"], &["jobs", "list"], &["queues", "pause"], &["sections", "disable"]]
        {
            let typed = [&["app"], command, &["--help"]].concat();
            let help = Own::try_parse_from(typed).unwrap_err().to_string();
            assert!(help.contains("Usage: app"), "{help}");
            assert!(help.lines().all(|it| it.chars().count() <= WIDEST), "{help}");
        }
    }
}

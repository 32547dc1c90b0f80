//! `run-jobs`, as it is typed.

use super::{LogArgs, Place, WIDEST};
use clap::Args;

/// `run-jobs`
#[derive(Debug, Args)]
#[command(after_long_help = EXIT_CODES, max_term_width = WIDEST)]
pub struct RunJobs {
    /// Sections to run, in this order
    #[arg(value_name = "SECTION")]
    pub(in crate::command_line) sections: Vec<String>,
    /// Run the sections of this group too, sorted by name
    #[arg(long, value_name = "GROUP", num_args = 0..=1, default_missing_value = "")]
    pub(in crate::command_line) group: Vec<String>,
    /// But not this section
    #[arg(short, long, value_name = "SECTION")]
    pub(in crate::command_line) exclude: Vec<String>,
    /// Wait for a section that is running elsewhere, instead of giving it up
    #[arg(long)]
    pub(in crate::command_line) wait: bool,
    #[command(flatten)]
    pub(in crate::command_line) place: Place,
    #[command(flatten)]
    pub(in crate::command_line) log: LogArgs,
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

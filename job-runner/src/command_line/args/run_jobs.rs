//! `run-jobs`, as it is typed.

use super::{LogArgs, Place, WIDEST, count};
use clap::Args;
use std::num::NonZeroU32;

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
    /// Keep running: all sections side by side, until a signal
    #[arg(long, conflicts_with_all = ["wait", "limit", "dry_run"])]
    pub(in crate::command_line) worker: bool,
    /// Wait for a section that is running elsewhere, instead of giving it up
    #[arg(long)]
    pub(in crate::command_line) wait: bool,
    /// Start at most this many jobs of each section; the rest is left to the next run
    #[arg(long, value_name = "N", value_parser = count)]
    pub(in crate::command_line) limit: Option<NonZeroU32>,
    /// Only say what would be run now; nothing is started or set up
    #[arg(long, conflicts_with_all = ["wait", "limit"])]
    pub(in crate::command_line) dry_run: bool,
    /// What was done, on standard output: one JSON object for each section
    #[arg(long)]
    pub(in crate::command_line) json: bool,
    #[command(flatten)]
    pub(in crate::command_line) place: Place,
    #[command(flatten)]
    pub(in crate::command_line) log: LogArgs,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    every section ran, or is disabled; jobs that failed do not change it.
       A worker ends so when a signal has stopped it
  1    a section could not run, or not to its end: it is running elsewhere, or
       the store cannot be used. The other sections ran; a worker is whole or
       ends, so that whoever watches it starts it again
  2    the command or the configuration is wrong; nothing ran
  130  stopped by Ctrl-C, 143 by SIGTERM: nothing more was started

Signals: at the first one nothing more is started, and running jobs have the
section's grace to end; at the second they are given back at once, with their
attempt; the third exits as it is, and leaves them to their leases.

The log goes to standard error; standard output stays empty but for --json and
--dry-run. Where systemd asks for it (Type=notify, WatchdogSec=), a worker says
when it is ready, that it lives, and that it stops.";

//! How a command logs.

use clap::{Args, ValueEnum};

/// How much is logged, and how.
#[derive(Clone, Copy, Debug, Args)]
pub(in crate::command_line) struct LogArgs {
    /// Log more: once for debugging, twice for everything
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(in crate::command_line) verbose: u8,
    /// Log only what somebody should look at
    #[arg(short, long)]
    pub(in crate::command_line) quiet: bool,
    /// How to write the log
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(in crate::command_line) log_format: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(in crate::command_line) enum LogFormat {
    /// Level and message, as cron likes it
    #[default]
    Text,
    /// The same, after the time
    Timed,
    /// One JSON object a line, with the time and all fields
    Json,
}

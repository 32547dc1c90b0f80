//! `queues`, `types` and `sections`, as they are typed.

use super::{Place, WIDEST};
use crate::config::duration;
use clap::{Args, Subcommand};
use job_core::{NameError, QueueName, SectionName, TypeName};
use std::{fmt::Debug, str::FromStr, time::Duration};

const EXIT_CODES: &str = "Exit codes: 0 done, 1 not possible, 2 wrong command or configuration.";

const PAUSED: &str = "\
A pause is kept in the store: it holds for every process, until it is resumed.
What runs already goes on to its end; --wait waits for that.

Exit codes: 0 done, 1 not possible, or still running when --timeout was over,
2 wrong command or configuration.";

/// `queues`
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, max_term_width = WIDEST)]
pub struct Queues {
    #[command(flatten)]
    pub(in crate::command_line) place: Place,
    #[command(subcommand)]
    pub(in crate::command_line) command: SwitchCommand<QueueName>,
}

/// `types`
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, max_term_width = WIDEST)]
pub struct Types {
    #[command(flatten)]
    pub(in crate::command_line) place: Place,
    #[command(subcommand)]
    pub(in crate::command_line) command: SwitchCommand<TypeName>,
}

/// `sections`
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, max_term_width = WIDEST)]
pub struct Sections {
    #[command(flatten)]
    pub(in crate::command_line) place: Place,
    #[command(subcommand)]
    pub(in crate::command_line) command: SectionsCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::command_line) enum SwitchCommand<N: Name> {
    /// List them: which are paused, and how many jobs they have
    List(Listing),
    /// Start no more jobs of these, anywhere
    Pause(Pause<N>),
    /// Start jobs of these again
    Resume(Turn<N>),
}

#[derive(Debug, Subcommand)]
pub(in crate::command_line) enum SectionsCommand {
    /// List the sections: whether each is enabled, its types and its last run
    ///
    /// A run is recorded when it ends, that of a worker too. RUNNING are the jobs of its types that run just now, whoever
    /// runs them.
    #[command(max_term_width = WIDEST)]
    List(Listing),
    /// Let `run-jobs` leave these sections alone, on every machine
    ///
    /// A script of such a section says so and exits with 0; a worker waits until it is enabled again.
    #[command(max_term_width = WIDEST)]
    Disable(TurnOff<SectionName>),
    /// Let `run-jobs` run these sections again
    Enable(Turn<SectionName>),
}

#[derive(Debug, Args)]
pub(in crate::command_line) struct Listing {
    /// One JSON object a line
    #[arg(long)]
    pub(in crate::command_line) json: bool,
}

/// What is switched on again.
#[derive(Debug, Args)]
pub(in crate::command_line) struct Turn<N: Name> {
    /// Their names
    #[arg(value_name = "NAME", required = true, value_parser = name::<N>)]
    pub(in crate::command_line) names: Vec<N>,
}

/// What is switched off.
#[derive(Debug, Args)]
pub(in crate::command_line) struct TurnOff<N: Name> {
    /// Their names
    #[arg(value_name = "NAME", required = true, value_parser = name::<N>)]
    pub(in crate::command_line) names: Vec<N>,
    /// Why; kept in the store
    #[arg(long)]
    pub(in crate::command_line) reason: Option<String>,
    /// Also if nothing of this name is known here
    #[arg(long)]
    pub(in crate::command_line) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = PAUSED)]
pub(in crate::command_line) struct Pause<N: Name> {
    #[command(flatten)]
    pub(in crate::command_line) off: TurnOff<N>,
    /// Return only when no job of them runs any more
    #[arg(long)]
    pub(in crate::command_line) wait: bool,
    /// For how long to wait at most
    #[arg(long, value_name = "TIME", default_value = "5m", requires = "wait", value_parser = span)]
    pub(in crate::command_line) timeout: Duration,
}

/// A name that can be typed.
pub(in crate::command_line) trait Name:
    Clone + Debug + FromStr<Err = NameError> + Send + Sync + 'static
{
}

impl<N: Clone + Debug + FromStr<Err = NameError> + Send + Sync + 'static> Name for N {}

fn name<N: Name>(text: &str) -> Result<N, NameError> {
    text.parse()
}

fn span(text: &str) -> Result<Duration, &'static str> {
    duration(text).ok_or("write a time such as 500ms, 30s or \"1h 30m\"")
}

//! Runs the jobs of any job store: scripts, workers, and the command line.

#![doc = include_str!("../README.md")]

mod build_error;
mod entry;
mod registry;
mod section;

mod hook_calls;
mod hooks;
mod metrics;
mod reporting;

mod backlog;
mod backoff;
mod clock;
mod host;
mod opening;
mod pauses;
mod place;
mod pulse;

mod attempt;
mod lease;
mod pump;
mod run;

mod run_report;
mod script;
mod script_error;
mod worker;
mod worker_error;

mod testing;

pub mod command_line;
pub mod config;

pub use build_error::BuildError;
pub use hooks::{Changed, Hooks};
pub use place::Place;
pub use pulse::Pulse;
pub use registry::Registry;
pub use reporting::event_reporter::EventReporter;
pub use reporting::notifier::{LogNotifier, Notifier, OperatorNotice, UserError};
pub use reporting::report::ErrorReport;
pub use reporting::reporter::{FileReporter, LogReporter, Reporter};
pub use reporting::span_fields::SpanFields;
pub use run_report::RunReport;
pub use script::Script;
pub use script_error::ScriptError;
pub use section::{LeaseDoubt, SectionSettings};
pub use testing::drain::Drain;
pub use testing::drain_error::DrainError;
pub use testing::perform::Perform;
pub use testing::perform_error::PerformError;
pub use testing::performed::Performed;
pub use worker::Worker;
pub use worker_error::WorkerError;

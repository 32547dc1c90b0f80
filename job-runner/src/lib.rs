//! Runs the jobs of any job store.
//!
//! A [`Registry`] says which job types there are, [`SectionSettings`] how they are run. A [`Script`] runs everything that
//! is due and ends; a [`Worker`] runs it as it falls due, until it is told to stop. What happens around a handler
//! (leases, time-outs, retries, error reports) is the same for all types.
//!
//! ```
//! use job_core::{Attempt, BoxError, JobSource, JobStatus, RunnableJob};
//! use job_runner::{Registry, Script};
//! use job_store_mem::MemStore;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Greet {
//!     name: String,
//! }
//!
//! impl RunnableJob for Greet {
//!     const TYPE: &'static str = "greet";
//!     type Error = BoxError;
//!
//!     async fn run(self, _: Attempt) -> Result<(), BoxError> {
//!         Ok(println!("hello {}", self.name))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! let opened = MemStore::new().opened();
//! let greetings = JobSource::<Greet>::new(opened.store.clone());
//! let job = greetings.create(&Greet { name: "Zoë".to_owned() }).await?;
//!
//! let registry = Registry::new().register::<Greet>();
//! let report = Script::in_test(opened, registry, ())?.run().await?;
//! assert_eq!(report.completed.values().sum::<u64>(), 1);
//! assert_eq!(greetings.get(job.id).await?.job.state.status(), JobStatus::Completed);
//! # Ok(())
//! # }
//! ```
//!
//! In a test, a [`Drain`] runs everything that is due, through time if it is told to, and [`Perform`] makes one attempt at
//! one job. `docs/tutorial.md` shows both.
//!
//! What is logged, and by which names, is written down in `docs/LOGGING.md`.

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

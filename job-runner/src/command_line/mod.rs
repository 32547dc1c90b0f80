//! The command line of a program with jobs: `run-jobs` runs sections of the configuration, `jobs` looks after jobs,
//! `queues`, `types` and `sections` hold them back.
//!
//! Scripts are for cron, which mails what `--quiet` lets through:
//!
//! ```text
//! */5 * * * *  www-data  cd /srv/app && ./app run-jobs --group main --quiet
//! ```
//!
//! A worker is for whatever keeps a process alive, and stops with SIGTERM. systemd is told when it is ready, that it lives,
//! and that it stops; its stop time-out must be a quarter of a minute longer than the longest `grace` of the sections:
//!
//! ```text
//! [Service]
//! Type=notify
//! WorkingDirectory=/srv/app
//! ExecStart=/srv/app/app run-jobs --group main --worker
//! Restart=always
//! WatchdogSec=60
//! TimeoutStartSec=infinity
//! TimeoutStopSec=45
//! ```
//!
//! Every command and every option is described by its `--help`, exit codes included.

mod args;
mod counts;
mod dated;
mod error;
mod exit;
mod ids;
mod jobs;
mod known;
mod logging;
mod operator;
mod output;
mod run;
mod stores;
mod switches;
mod table;
mod when;

pub use self::args::{Command, Jobs, Queues, RunJobs, Sections, Types};

use self::{args::Cli, error::CommandError, exit::Exit, known::Known, stores::Stores};
use crate::{Hooks, Notifier, Registry, Reporter};
use clap::Parser;
use job_core::{BoxError, RunnableJob, SectionName, TransactionalJob, store::Opener};
use std::{ffi::OsString, fmt, process::ExitCode, sync::Arc};

/// The command line: which stores and which job types a program has, and how it sets up a section.
///
/// ```no_run
/// # use job_core::{Attempt, BoxError, RunnableJob};
/// # use job_runner::command_line::{CommandLine, SectionSetup};
/// # use std::process::ExitCode;
/// # #[derive(serde::Serialize, serde::Deserialize)] struct Greet { name: String }
/// # impl RunnableJob<Context> for Greet {
/// #     const TYPE: &'static str = "greet"; type Error = BoxError;
/// #     async fn run(self, _: Attempt<Context>) -> Result<(), BoxError> { Ok(()) }
/// # }
/// # #[derive(Clone)] struct Context;
/// # impl Context { async fn connect(_: &str) -> Result<Self, BoxError> { Ok(Self) } }
/// fn main() -> ExitCode {
///     CommandLine::new(async |section: &SectionSetup| Context::connect(&section.url).await)
///         .store(job_store_sqlite::Opener)
///         .register::<Greet>()
///         .run()
/// }
/// ```
pub struct CommandLine<C, S> {
    setup: S,
    stores: Stores,
    registry: Registry<C>,
    reporter: Option<Arc<dyn Reporter>>,
    notifier: Option<Arc<dyn Notifier>>,
    hooks: Vec<Arc<dyn Hooks>>,
}

/// What a section's setup gets to know. Its debug output leaves the URL out, which may hold a password.
#[derive(Clone)]
#[non_exhaustive]
pub struct SectionSetup {
    /// The section.
    pub name: SectionName,
    /// The database role it names.
    pub role: Option<String>,
    /// The URL of the store; its path, if it has one, does not depend on the current folder.
    pub url: String,
}

impl fmt::Debug for SectionSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SectionSetup")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl<C, S> fmt::Debug for CommandLine<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandLine").field("stores", &self.stores).finish_non_exhaustive()
    }
}

impl<C, S> CommandLine<C, S>
where
    C: Clone + Send + Sync + 'static,
    S: AsyncFn(&SectionSetup) -> Result<C, BoxError>,
{
    /// A command line without stores and job types yet. `setup` makes the context of a section's jobs; it is called
    /// once for each section that is run, and by no other command.
    #[must_use]
    pub fn new(setup: S) -> Self {
        Self {
            setup,
            stores: Stores::default(),
            registry: Registry::new(),
            reporter: None,
            notifier: None,
            hooks: Vec::new(),
        }
    }

    /// Adds a kind of store.
    #[must_use]
    pub fn store(mut self, opener: impl Opener) -> Self {
        self.stores.add(opener);
        self
    }

    /// Adds a job type. One that cannot be registered is told when jobs are run.
    #[must_use]
    pub fn register<J: RunnableJob<C>>(self) -> Self {
        Self { registry: self.registry.register::<J>(), ..self }
    }

    /// Adds a job type whose completion commits with its own writes.
    #[must_use]
    pub fn register_transactional<J: TransactionalJob<C>>(self) -> Self {
        Self { registry: self.registry.register_transactional::<J>(), ..self }
    }

    /// Where error reports of all sections go, instead of the folders that they name, or the log.
    #[must_use]
    pub fn reporter(self, reporter: impl Reporter) -> Self {
        Self { reporter: Some(Arc::new(reporter)), ..self }
    }

    /// Who tells people of failures that are their business; by default the log.
    #[must_use]
    pub fn notifier(self, notifier: impl Notifier) -> Self {
        Self { notifier: Some(Arc::new(notifier)), ..self }
    }

    /// Adds hooks around all sections and their attempts; they are called after those that were added before.
    #[must_use]
    pub fn hooks(mut self, hooks: impl Hooks) -> Self {
        self.hooks.push(Arc::new(hooks));
        self
    }

    /// Does what the process was called with. For a `main` that is not async: it starts a runtime of its own.
    #[must_use]
    pub fn run(self) -> ExitCode {
        self.run_from(std::env::args_os())
    }

    /// Does what `args` say; the first one is the program's name. As [`run`](Self::run).
    #[must_use]
    pub fn run_from(self, args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
        match Cli::try_parse_from(args) {
            Ok(cli) => self.execute(cli.command),
            Err(error) => {
                // Help that nobody reads to its end is no failure.
                let _ = error.print();
                if error.use_stderr() { Exit::Wrong.into() } else { Exit::Done.into() }
            }
        }
    }

    /// Does what a program's own parser found. As [`run`](Self::run).
    #[must_use]
    pub fn execute(self, command: Command) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let outcome = runtime.map_err(CommandError::Runtime).and_then(|runtime| {
            let outcome = runtime.block_on(async {
                let known = Known::of(&self.registry);
                match command {
                    Command::RunJobs(args) => run::run_jobs::run(self, args).await,
                    Command::Jobs(args) => jobs::run(&self.stores, &known, args).await,
                    Command::Queues(Queues { place, command }) => {
                        switches::lanes::run(&self.stores, &known, &place, command).await
                    }
                    Command::Types(Types { place, command }) => {
                        switches::lanes::run(&self.stores, &known, &place, command).await
                    }
                    Command::Sections(args) => switches::sections::run(&self.stores, args).await,
                }
            });
            // A handler that was given up may still block a thread; it ends with the process.
            runtime.shutdown_background();
            outcome
        });
        outcome
            .unwrap_or_else(|error| {
                error.print();
                error.exit()
            })
            .into()
    }
}

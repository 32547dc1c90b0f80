//! What all sections of a `run-jobs` have in common, and what becomes of each.

use super::{
    section_record::{Outcome, SectionRecord},
    signals::Signals,
};
use crate::{
    Hooks, Notifier, Registry, Reporter, RunReport, SectionSettings,
    command_line::{
        SectionSetup,
        error::{CommandError, explained},
        output::Output,
    },
    config::Section,
    opening,
};
use job_core::{
    BoxError, SectionName,
    store::{Opened, Opener, StoreUrl},
};
use std::{sync::Arc, time::Duration};
use tracing::{error, info, warn};

/// Between an error and its cause. The log puts lines after the first one below the message.
pub(super) const BECAUSE: &str = "\nbecause: ";

/// What the sections of a command share.
pub(super) struct Crew<C, S> {
    pub(super) url: String,
    pub(super) opener: Arc<dyn Opener>,
    pub(super) registry: Arc<Registry<C>>,
    pub(super) setup: S,
    pub(super) reporter: Option<Arc<dyn Reporter>>,
    pub(super) notifier: Option<Arc<dyn Notifier>>,
    pub(super) hooks: Vec<Arc<dyn Hooks>>,
    /// Whether it waits for a store that is away, instead of giving up.
    pub(super) patient: bool,
    pub(super) wait: bool,
    pub(super) limit: Option<u64>,
    pub(super) signals: Signals,
    /// Where it says what was done, if somebody wants to know.
    pub(super) output: Option<Output>,
}

/// What a script or a worker of a section is made of.
pub(super) struct Parts<C> {
    pub(super) opened: Opened,
    pub(super) context: C,
    pub(super) settings: SectionSettings,
}

/// A script or a worker, finished in the way that all of a command are: they are built by the same methods.
macro_rules! equipped {
    ($crew:expr, $runner:expr) => {{
        let (crew, runner) = ($crew, $runner);
        let runner =
            runner.stop_token(crew.signals.stop().clone()).release_token(crew.signals.release().clone());
        let runner = match &crew.reporter {
            Some(reporter) => runner.reporter(reporter.clone()),
            None => runner,
        };
        let runner = match &crew.notifier {
            Some(notifier) => runner.notifier(notifier.clone()),
            None => runner,
        };
        crew.hooks.iter().cloned().fold(runner, |runner, hooks| runner.hooks(hooks))
    }};
}
pub(super) use equipped;

impl<C, S> Crew<C, S>
where
    C: Clone + Send + Sync + 'static,
    S: AsyncFn(&SectionSetup) -> Result<C, BoxError>,
{
    /// Opens the store for a section and sets it up. `None` if a signal came meanwhile.
    pub(super) async fn parts(&self, section: &Section) -> Result<Option<Parts<C>>, CommandError> {
        self.signals.stop().run_until_cancelled(self.set_up(section)).await.transpose()
    }

    async fn set_up(&self, section: &Section) -> Result<Parts<C>, CommandError> {
        let role = section.role().map(str::to_owned);
        let url = StoreUrl { role: role.clone(), ..StoreUrl::new(&self.url) };
        let opened = if self.patient {
            opening::patiently(|| self.opener.open(&url), Duration::MAX).await?
        } else {
            self.opener.open(&url).await?
        };
        let setup = SectionSetup { name: section.name().clone(), role, url: self.url.clone() };
        let context = (self.setup)(&setup)
            .await
            .map_err(|source| CommandError::Setup { section: setup.name, source })?;
        let settings = SectionSettings { wait_for_lock: self.wait, limit: self.limit, ..section.settings() };
        Ok(Parts { opened, context, settings })
    }
}

impl<C, S> Crew<C, S> {
    /// Tells what became of a section: what went wrong to the log, and all of it to whoever asked for it. Gives whether it
    /// did what it should.
    pub(super) fn tell(&mut self, section: &SectionName, ended: &Ended) -> bool {
        let outcome = match ended {
            Ended::NotRun => Outcome::NotRun,
            Ended::Ran(_) if self.signals.stop().is_cancelled() => Outcome::Stopped,
            Ended::Ran(_) => Outcome::Ran,
            Ended::Disabled => {
                info!(section.name = %section, "Section {section} is disabled; its jobs are left alone.");
                Outcome::Disabled
            }
            Ended::Elsewhere(problem) => {
                error!(section.name = %section, "{problem}");
                Outcome::Elsewhere
            }
            Ended::Failed(problem, _) => {
                error!(section.name = %section, "{problem}");
                Outcome::Failed
            }
        };
        if let Some(output) = &mut self.output {
            let record = SectionRecord::new(section, outcome, ended);
            // Whoever wanted to know may have gone; that stops no section.
            if let Err(problem) = output.json(&record).and_then(|()| output.flush()) {
                warn!("{}; what becomes of sections is told to the log only.", explained(&problem, ": "));
                self.output = None;
            }
        }
        !matches!(outcome, Outcome::Elsewhere | Outcome::Failed)
    }
}

/// How the run of a section ended. Problems are texts for the log.
#[derive(Debug)]
pub(super) enum Ended {
    /// It was not its turn before the end of the command.
    NotRun,
    Ran(RunReport),
    Disabled,
    Elsewhere(String),
    /// With what was done until then.
    Failed(String, Option<RunReport>),
}

impl Ended {
    pub(super) fn failed(error: &CommandError) -> Self {
        Self::Failed(explained(error, BECAUSE), None)
    }
}

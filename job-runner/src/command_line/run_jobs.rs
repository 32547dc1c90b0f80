//! `run-jobs`: runs sections of the configuration, one after the other.

use super::{
    CommandLine, SectionSetup,
    args::RunJobs,
    error::{CommandError, explained},
    exit::Exit,
    signals::Signals,
    when::spoken,
};
use crate::{
    Notifier, Registry, Reporter, Script, ScriptError, SectionSettings,
    config::{Config, ConfigError, FILE_NAME, Section, Selection},
};
use clap::Args;
use job_core::{
    BoxError, TypeName,
    store::{Opener, StoreUrl},
};
use std::{fmt::Write, path::Path, sync::Arc};
use tracing::{error, info};

/// Between an error and its cause. The log puts lines after the first one below the message.
const BECAUSE: &str = "\nbecause: ";

pub(super) async fn run<C, S>(line: CommandLine<C, S>, args: RunJobs) -> Result<Exit, CommandError>
where
    C: Clone + Send + Sync + 'static,
    S: AsyncFn(&SectionSetup) -> Result<C, BoxError>,
{
    line.registry.check()?;
    let known = line.registry.type_names();
    let config = Config::find(args.place.config.as_deref()).map_err(|error| with_example(error, &known))?;
    let unnamed = args.group.iter().any(String::is_empty);
    if unnamed || (args.sections.is_empty() && args.group.is_empty()) {
        return Err(CommandError::Usage(usage(&config, unnamed)));
    }
    let RunJobs { sections, group: groups, exclude, .. } = args;
    let sections = config.select(&Selection { sections, groups, exclude })?;
    for section in &sections {
        section.check_types(&known)?;
    }
    let url = args.place.store.as_deref().unwrap_or(config.store());
    let run = Run {
        url,
        opener: line.stores.opener(url)?,
        registry: Arc::new(line.registry),
        setup: line.setup,
        reporter: line.reporter,
        notifier: line.notifier,
        wait: args.wait,
        signals: Signals::listen().map_err(CommandError::Runtime)?,
    };
    args.log.start();
    run.all(&sections).await
}

/// What all sections of a command share.
struct Run<'a, C, S> {
    url: &'a str,
    opener: &'a Arc<dyn Opener>,
    registry: Arc<Registry<C>>,
    setup: S,
    reporter: Option<Arc<dyn Reporter>>,
    notifier: Option<Arc<dyn Notifier>>,
    wait: bool,
    signals: Signals,
}

impl<C, S> Run<'_, C, S>
where
    C: Clone + Send + Sync + 'static,
    S: AsyncFn(&SectionSetup) -> Result<C, BoxError>,
{
    async fn all(&self, sections: &[&Section]) -> Result<Exit, CommandError> {
        let mut exit = Exit::Done;
        for section in sections {
            if self.signals.stop().is_cancelled() {
                break;
            }
            if sections.len() > 1 {
                info!(section.name = %section.name(), "Running section {}.", section.name());
            }
            if let Err(problem) = self.one(section).await {
                error!(section.name = %section.name(), "{problem}");
                exit = Exit::Failed;
            }
        }
        if sections.is_empty() {
            info!("No sections to run: all were excluded.");
        }
        Ok(self.signals.first().map_or(exit, Exit::Stopped))
    }

    /// The error is one for the log.
    async fn one(&self, section: &Section) -> Result<(), String> {
        match self.script(section).await.map_err(|it| explained(&it, BECAUSE))?.run().await {
            Ok(_) => Ok(()),
            Err(ScriptError::SectionDisabled { section }) => {
                info!(section.name = %section, "Section {section} is disabled; its jobs are left alone.");
                Ok(())
            }
            Err(ScriptError::SectionRunning { section, holder, until, left }) => Err(format!(
                "Section {section} is running elsewhere: {holder}, its lock holds until {until} (in {}). \
                 Use --wait to wait.",
                spoken(left)
            )),
            Err(other) => Err(explained(&other, BECAUSE)),
        }
    }

    async fn script(&self, section: &Section) -> Result<Script<C>, CommandError> {
        let role = section.role().map(str::to_owned);
        let url = StoreUrl { role: role.clone(), ..StoreUrl::new(self.url) };
        let opened = self.opener.open(&url).await?;
        let setup = SectionSetup { name: section.name().clone(), role, url: self.url.to_owned() };
        let context = (self.setup)(&setup)
            .await
            .map_err(|source| CommandError::Setup { section: setup.name.clone(), source })?;
        let settings = SectionSettings { wait_for_lock: self.wait, ..section.settings() };
        let mut script = Script::new(opened, self.registry.clone(), context, settings)?
            .heart_store(self.opener.clone(), url)
            .stop_token(self.signals.stop().clone());
        if let Some(reporter) = &self.reporter {
            script = script.reporter(reporter.clone());
        }
        if let Some(notifier) = &self.notifier {
            script = script.notifier(notifier.clone());
        }
        Ok(script)
    }
}

/// Without a configuration there is no section to run; this is the smallest one.
fn with_example(error: ConfigError, known: &[TypeName]) -> CommandError {
    if !matches!(error, ConfigError::NotFound { .. }) {
        return error.into();
    }
    let types = known.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(", ");
    let advice = format!(
        "Write a {FILE_NAME} such as this one, and run `run-jobs main`; or name a file by --config.\n\n    \
         store = \"sqlite:jobs.sqlite3\"\n\n    [section.main]\n    types = [{types}]"
    );
    CommandError::NoConfig { problem: error.to_string(), advice }
}

/// How the command was called, as its help calls it.
fn typed() -> String {
    let program = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&program).file_name().unwrap_or_default().to_string_lossy();
    format!("{name} run-jobs").trim_start().to_owned()
}

/// What to type instead, with what there is to name.
fn usage(config: &Config, group: bool) -> String {
    let usage = RunJobs::augment_args(clap::Command::new("run-jobs").bin_name(typed())).render_usage();
    let what = if group { "name the group" } else { "name a section, or a group with --group" };
    let sections: Vec<&str> = config.sections().map(|it| it.name().as_str()).collect();
    let mut text = format!("{what}\n\n{usage}\n\n{}:\n", config.path().display());
    // Writing to a String cannot fail.
    let _ =
        write!(text, "  sections: {}", if sections.is_empty() { "none".into() } else { sections.join(", ") });
    for group in config.groups() {
        let members: Vec<&str> = config.members(group).map(|it| it.name().as_str()).collect();
        let _ = write!(text, "\n  group {group}: {}", members.join(", "));
    }
    text
}

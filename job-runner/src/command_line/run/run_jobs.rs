//! `run-jobs`: runs sections of the configuration, once, or until they are stopped.

use super::{crew::Crew, dry_run, signals::Signals};
use crate::{
    command_line::{
        CommandLine, SectionSetup, args::RunJobs, error::CommandError, exit::Exit, output::Output,
    },
    config::{Config, ConfigError, FILE_NAME, Section, Selection},
};
use clap::Args;
use job_core::{BoxError, TypeName};
use std::{fmt::Write, path::Path, sync::Arc};
use tracing::info;

pub(in crate::command_line) async fn run<C, S>(
    line: CommandLine<C, S>,
    args: RunJobs,
) -> Result<Exit, CommandError>
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
        check(section, &line, &known)?;
    }
    let url = args.place.store.as_deref().unwrap_or(config.store());
    let opener = line.stores.opener(url)?.clone();
    args.log.start();
    if sections.is_empty() {
        info!("No sections to run: all were excluded.");
        return Ok(Exit::Done);
    }
    let mut output = Output::new();
    if args.dry_run {
        dry_run::run(&line.registry, opener, url, &sections, args.json, &mut output).await?;
        output.finish()?;
        return Ok(Exit::Done);
    }
    let crew = Crew {
        url: url.to_owned(),
        opener,
        registry: Arc::new(line.registry),
        setup: line.setup,
        reporter: line.reporter,
        notifier: line.notifier,
        hooks: line.hooks,
        patient: args.worker,
        wait: args.wait,
        limit: args.limit.map(|it| it.get().into()),
        signals: Signals::listen().map_err(CommandError::Runtime)?,
        output: args.json.then_some(output),
    };
    Ok(if args.worker { crew.work(&sections).await } else { crew.run(&sections).await })
}

/// Whether the program can run the section as it is written down.
fn check<C, S>(section: &Section, line: &CommandLine<C, S>, known: &[TypeName]) -> Result<(), CommandError>
where
    C: Clone + Send + Sync + 'static,
{
    section.check_types(known)?;
    let settings = section.settings();
    section.check_queues(&line.registry.queues(&settings.types, &settings.queues))?;
    Ok(settings.retention.map_or(Ok(()), |it| line.registry.check_retention(it))?)
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

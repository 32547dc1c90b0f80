//! `run-jobs` without `--worker`: sections one after the other, each to its end.

use super::crew::{BECAUSE, Crew, Ended, Parts, equipped};
use crate::{
    Script, ScriptError,
    command_line::{SectionSetup, error::explained, exit::Exit, when::spoken},
    config::Section,
};
use job_core::{BoxError, SectionName};
use tracing::info;

impl<C, S> Crew<C, S>
where
    C: Clone + Send + Sync + 'static,
    S: AsyncFn(&SectionSetup) -> Result<C, BoxError>,
{
    /// Runs the sections. One that cannot run keeps no other from it.
    pub(super) async fn run(mut self, sections: &[&Section]) -> Exit {
        let mut exit = Exit::Done;
        for section in sections {
            let ended = self.one(section, sections.len() > 1).await;
            if !self.tell(section.name(), &ended) {
                exit = Exit::Failed;
            }
        }
        self.signals.first().map_or(exit, Exit::Stopped)
    }

    async fn one(&self, section: &Section, of_several: bool) -> Ended {
        if self.signals.stop().is_cancelled() {
            return Ended::NotRun;
        }
        if of_several {
            info!(section.name = %section.name(), "Running section {}.", section.name());
        }
        match self.parts(section).await {
            Ok(None) => Ended::NotRun,
            Ok(Some(parts)) => self.script(section.name(), parts).await,
            Err(error) => Ended::failed(&error),
        }
    }

    async fn script(&self, section: &SectionName, Parts { opened, context, settings }: Parts<C>) -> Ended {
        let script = match Script::new(opened, self.registry.clone(), context, settings) {
            Ok(script) => equipped!(self, script),
            Err(error) => return Ended::failed(&error.into()),
        };
        // Apart, so that a store that panics ends one section only.
        match tokio::spawn(script.run()).await {
            Ok(Ok(report)) => Ended::Ran(report),
            Ok(Err(ScriptError::SectionDisabled { .. })) => Ended::Disabled,
            Ok(Err(ScriptError::SectionRunning { section, holder, until, left })) => {
                Ended::Elsewhere(format!(
                    "Section {section} is running elsewhere: {holder}, its lock holds until {until} (in {}). \
                 Use --wait to wait.",
                    spoken(left)
                ))
            }
            Ok(Err(other)) => Ended::Failed(explained(&other, BECAUSE), other.report().cloned()),
            Err(panic) => Ended::Failed(format!("The script of section {section} broke: {panic}"), None),
        }
    }
}

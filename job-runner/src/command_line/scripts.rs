//! `run-jobs` without `--worker`: sections one after the other, each to its end.

use super::{
    SectionSetup,
    crew::{BECAUSE, Crew, Ended, Parts, equipped},
    error::explained,
    exit::Exit,
    when::spoken,
};
use crate::{Script, ScriptError, config::Section};
use job_core::BoxError;
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
            if self.signals.stop().is_cancelled() {
                break;
            }
            if sections.len() > 1 {
                info!(section.name = %section.name(), "Running section {}.", section.name());
            }
            let ended = match self.parts(section).await {
                Ok(None) => break,
                Ok(Some(parts)) => self.script(parts).await,
                Err(error) => Ended::failed(&error),
            };
            if !self.tell(section.name(), &ended) {
                exit = Exit::Failed;
            }
        }
        self.signals.first().map_or(exit, Exit::Stopped)
    }

    async fn script(&self, Parts { opened, context, settings, url }: Parts<C>) -> Ended {
        let script = match Script::new(opened, self.registry.clone(), context, settings) {
            Ok(script) => equipped!(self, script, url),
            Err(error) => return Ended::failed(&error.into()),
        };
        match script.run().await {
            Ok(report) => Ended::Ran(report),
            Err(ScriptError::SectionDisabled { .. }) => Ended::Disabled,
            Err(ScriptError::SectionRunning { section, holder, until, left }) => Ended::Elsewhere(format!(
                "Section {section} is running elsewhere: {holder}, its lock holds until {until} (in {}). \
                 Use --wait to wait.",
                spoken(left)
            )),
            Err(other) => Ended::Failed(explained(&other, BECAUSE), other.report().cloned()),
        }
    }
}

//! `run-jobs --worker`: sections side by side, until a signal.

use super::{
    crew::{BECAUSE, Crew, Ended, Parts, equipped},
    watched::Watched,
};
use crate::{
    Pulse, Worker,
    command_line::{
        SectionSetup,
        error::{CommandError, explained},
        exit::Exit,
    },
    config::Section,
};
use job_core::{BoxError, SectionName};
use tokio::task::JoinSet;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::info;

/// A worker that waits to be started, and what is known of it from outside.
struct Hand<C> {
    section: SectionName,
    worker: Worker<C>,
    ready: CancellationToken,
    pulse: Pulse,
}

impl<C, S> Crew<C, S>
where
    C: Clone + Send + Sync + 'static,
    S: AsyncFn(&SectionSetup) -> Result<C, BoxError>,
{
    /// Works on all sections. All are set up before the first one begins, and when one ends in an error all are stopped:
    /// half a worker would pass for a whole one.
    pub(super) async fn work(mut self, sections: &[&Section]) -> Exit {
        let mut hands = Vec::new();
        for section in sections {
            match self.hand(section).await {
                Ok(Some(hand)) => hands.push(hand),
                Ok(None) => return self.leave(sections, None),
                Err(error) => return self.leave(sections, Some((section.name(), &Ended::failed(&error)))),
            }
        }
        let watched = Watched {
            ready: hands.iter().map(|it| it.ready.clone()).collect(),
            pulses: hands.iter().map(|it| it.pulse.clone()).collect(),
            stop: self.signals.stop().clone(),
        };
        let _told = AbortOnDropHandle::new(tokio::spawn(watched.tell()));
        let mut working = JoinSet::new();
        for hand in hands {
            info!(section.name = %hand.section, "Working on section {}.", hand.section);
            working.spawn(hand.work());
        }
        let mut exit = Exit::Done;
        while let Some(ended) = working.join_next().await {
            // A panic of a worker is told by its own task.
            let Ok((section, ended)) = ended else { continue };
            if !self.tell(&section, &ended) {
                exit = Exit::Failed;
                self.signals.stop().cancel();
            }
        }
        exit
    }

    /// Works on none of the sections, because one `failed` before the first one began, or because of a signal.
    fn leave(&mut self, sections: &[&Section], failed: Option<(&SectionName, &Ended)>) -> Exit {
        for section in sections {
            match failed {
                Some((name, ended)) if name == section.name() => self.tell(name, ended),
                _ => self.tell(section.name(), &Ended::NotRun),
            };
        }
        if failed.is_some() { Exit::Failed } else { Exit::Done }
    }

    /// `None` if a signal came meanwhile.
    async fn hand(&self, section: &Section) -> Result<Option<Hand<C>>, CommandError> {
        let Some(parts) = self.parts(section).await? else { return Ok(None) };
        let Parts { opened, context, settings } = parts;
        let worker = Worker::new(opened, self.registry.clone(), context, settings)?;
        let ready = CancellationToken::new();
        let worker = equipped!(self, worker).ready_token(ready.clone());
        Ok(Some(Hand { section: section.name().clone(), pulse: worker.pulse(), ready, worker }))
    }
}

impl<C: Clone + Send + Sync + 'static> Hand<C> {
    async fn work(self) -> (SectionName, Ended) {
        let ended = match tokio::spawn(self.worker.run()).await {
            Ok(Ok(report)) => Ended::Ran(report),
            Ok(Err(error)) => Ended::Failed(explained(&error, BECAUSE), error.report().cloned()),
            Err(panic) => {
                Ended::Failed(format!("The worker of section {} broke: {panic}", self.section), None)
            }
        };
        (self.section, ended)
    }
}

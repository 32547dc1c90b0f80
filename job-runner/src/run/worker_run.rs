//! The course of a worker: from its first look to its last line in the log.

use crate::{
    RunReport, Worker, WorkerError,
    attempt::aftermath::Aftermath,
    pump::{Pump, PumpState, PumpTerms, fetcher::Fetcher, halt::on_the_way},
    run::{Run, many, pruner::Pruner, tender::Tender, tidings::Tidings},
};
use job_core::{
    Timestamp,
    store::{JobStoreExt, StoreError},
};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A worker that runs.
pub(crate) struct WorkerRun<C> {
    run: Run<C>,
    ready: CancellationToken,
    tidings: Arc<Tidings>,
}

impl<C: Clone + Send + Sync + 'static> WorkerRun<C> {
    pub(crate) fn new(worker: Worker<C>) -> Result<Self, WorkerError> {
        let Worker { setup, ready, pulse } = worker;
        let run = Run::new(setup, pulse).map_err(WorkerError::Threads)?;
        Ok(Self { run, ready, tidings: Arc::default() })
    }

    pub(crate) async fn run(self) -> Result<RunReport, WorkerError> {
        let Some(started) = on_the_way(&self.run, self.begin()).await.transpose()?.flatten() else {
            return Ok(RunReport::default());
        };
        let starting = self.run.start_heart(None, Duration::MAX);
        let Some(beating) = on_the_way(&self.run, starting).await.transpose()? else {
            return Ok(RunReport::default());
        };
        let mut aftermath = self.run.aftermath();
        let worked = match on_the_way(&self.run, self.run.enter()).await {
            Some(Ok(())) => self.work(&mut aftermath).await,
            Some(Err(refused)) => {
                self.run.wind_up(beating).await;
                let section = self.run.settings().name.clone();
                return Err(WorkerError::Hook { section, hook: refused.hook, problem: refused.problem });
            }
            None => Ok(()),
        };
        self.run.leave(&mut aftermath).await;
        self.run.wind_up(beating).await;
        let (report, worked) = self.run.end(aftermath, started, worked).await;
        let section = self.run.settings().name.clone();
        if let Err(source) = worked {
            return Err(WorkerError::Store { section, source, report: Box::new(report) });
        }
        if self.run.lost.is_cancelled() {
            return Err(WorkerError::HeartStopped { section, report: Box::new(report) });
        }
        Ok(report)
    }

    /// The store's time at the start; `None` if the worker was told to stop before it had it.
    async fn begin(&self) -> Result<Option<Timestamp>, WorkerError> {
        match self.look().await {
            Ok(started) => Ok(Some(started)),
            Err(error) if error.is_transient() => Ok(None),
            Err(source) => {
                let section = self.run.settings().name.clone();
                Err(WorkerError::Store { section, source, report: Box::default() })
            }
        }
    }

    /// Sets the clock, and looks whether the section is disabled: if so, nothing at all is started.
    async fn look(&self) -> Result<Timestamp, StoreError> {
        let Run { setup, clock, .. } = &self.run;
        let patience = self.run.patience(Duration::MAX);
        let started = patience.call(|| setup.opened.store.time(clock.by())).await?;
        clock.saw(started);
        let on = patience.call(|| setup.opened.switches.switches()).await?;
        self.tidings.heed(&on, &setup.settings.name);
        Ok(started)
    }

    /// Runs what falls due, and looks after the rest, until it is told to stop.
    async fn work(&self, aftermath: &mut Aftermath<C>) -> Result<(), StoreError> {
        let over = CancellationToken::new();
        let (worked, rescued, ()) = tokio::join!(
            async {
                let _over = over.clone().drop_guard();
                self.pump(aftermath).await
            },
            Tender::new(&self.run, &self.tidings).run(&over),
            Pruner { run: &self.run }.run(&self.tidings, &over),
        );
        aftermath.run.rescued = rescued;
        worked
    }

    async fn pump(&self, aftermath: &mut Aftermath<C>) -> Result<(), StoreError> {
        let (run, settings) = (&self.run, self.run.settings());
        let (claim, queues) = run.claim(None);
        let wake = run.setup.opened.wake.as_ref();
        let fetcher = Fetcher::once(claim, queues, &settings.queue_limits, run.clock.clone())
            .polling(settings.poll, wake.is_some());
        let _listening = wake.map_or_else(JoinSet::new, |it| self.tidings.listen(it, fetcher.queues()));
        let terms = PumpTerms {
            prefetch: settings.prefetch.map(many),
            gives_up: None,
            tireless: true,
            ready: self.ready.clone(),
            tidings: self.tidings.clone(),
        };
        let (executor, ended, _watching) = run.executor();
        let state = PumpState::new(None, run.clock.instant());
        // However it ends, its part is done.
        Pump { run, terms, executor, ended, fetcher, aftermath, state }.run().await.map(drop)
    }
}

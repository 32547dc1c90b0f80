//! The course of a script: from its section's lock to its last line in the log.

use crate::{
    LeaseDoubt, Pulse, RunReport, Script, ScriptError,
    attempt::aftermath::Aftermath,
    clock::{self, Instant},
    lease::{
        heart::{HeldLock, fence},
        heart_thread::Beating,
        rescuer::{Rescuer, server_is_fresh},
        section_lock::{Asked, SectionLock},
    },
    pauses::Pauses,
    pump::{
        Finish, Pump, PumpState, PumpTerms,
        fetcher::Fetcher,
        halt::{on_the_way, unanswered},
    },
    run::{Run, pruner::Pruner, setup::Setup},
};
use job_core::{
    QueueName, Timestamp,
    store::{JobStoreExt, StoreError, Switch},
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// A script that runs.
pub(crate) struct ScriptRun<C> {
    run: Run<C>,
    lock: SectionLock,
}

impl<C: Clone + Send + Sync + 'static> ScriptRun<C> {
    pub(crate) fn new(script: Script<C>) -> Result<Self, ScriptError> {
        let Script { setup, lock } = script;
        let run = Run::new(setup, Pulse::new(clock::instant())).map_err(ScriptError::Threads)?;
        let lock = SectionLock::new(run.settings(), lock, run.terms.by, run.clock.by());
        Ok(Self { run, lock })
    }

    pub(crate) async fn run(self) -> Result<RunReport, ScriptError> {
        let mut aftermath = self.run.aftermath();
        let Some(begun) = on_the_way(&self.run, self.begin()).await else {
            // The call that takes it may be under way.
            self.give_up_lock().await;
            return Err(self.broken(unanswered(), aftermath.run));
        };
        let Some((started, locked)) = begun? else { return Ok(aftermath.run) };
        let lease = self.run.settings().lease;
        let doubtful = fence(locked, lease, self.run.clock.since(locked));
        let held = HeldLock::new(self.lock.clone(), doubtful);
        let beating = match on_the_way(&self.run, self.run.start_heart(Some(held), lease)).await {
            Some(Ok(beating)) => beating,
            Some(Err(error)) => {
                self.give_up_lock().await;
                return Err(error.into());
            }
            None => {
                self.give_up_lock().await;
                return Err(self.broken(unanswered(), aftermath.run));
            }
        };
        let worked = match on_the_way(&self.run, self.run.enter()).await {
            Some(Ok(())) => self.work(&mut aftermath).await,
            Some(Err(refused)) => {
                self.run.wind_up(beating).await;
                self.give_up_lock().await;
                let section = self.run.settings().name.clone();
                return Err(ScriptError::Hook { section, hook: refused.hook, problem: refused.problem });
            }
            None => Ok(Finish::Done),
        };
        self.run.leave(&mut aftermath).await;
        self.end(beating, started, worked, aftermath).await
    }

    /// Takes the section; `None` if the runner was told to stop before it had it. Gives the time at the start,
    /// and the instant at which the lock was asked for.
    async fn begin(&self) -> Result<Option<(Timestamp, Instant)>, ScriptError> {
        let (run, settings, opened) = (&self.run, self.run.settings(), &self.run.setup.opened);
        let section = settings.name.clone();
        let patience = run.patience(settings.lease);
        let started = patience.call(|| opened.store.time(run.clock.by())).await;
        let started = started.map_err(|source| self.broken(source, RunReport::default()))?;
        run.clock.saw(started);
        let on = patience.call(|| opened.switches.switches()).await;
        let on = on.map_err(|source| self.broken(source, RunReport::default()))?;
        if on.contains(&Switch::DisableSection(section.clone())) {
            return Err(ScriptError::SectionDisabled { section });
        }
        let asked = self.lock.take(&opened.store, patience, settings.wait_for_lock).await;
        match asked.map_err(|source| self.broken(source, RunReport::default()))? {
            Asked::Taken(asked) => Ok(Some((started, asked))),
            Asked::Stopped => Ok(None),
            Asked::Busy { holder, until } => {
                let left = until.since(run.clock.now());
                Err(ScriptError::SectionRunning { section, holder, until, left })
            }
        }
    }

    /// Rescues. Gives what time it is then, so that what was rescued counts as due.
    async fn rescue(&self, aftermath: &mut Aftermath<C>) -> Result<Timestamp, StoreError> {
        let (run, settings) = (&self.run, self.run.settings());
        let store = &run.setup.opened.store;
        let patience = run.patience(settings.lease);
        let admin = run.setup.opened.admin.as_ref();
        if patience.call(|| Box::pin(server_is_fresh(admin, settings.lease, &run.clock))).await? {
            info!(
                "The server of the store has just started; who holds jobs has a lease's time to be heard of."
            );
        } else {
            let rescuer = Rescuer { store, judge: &run.judge, types: &run.setup.types, patience };
            rescuer.run(aftermath).await?;
            rescuer.run_unreadable(aftermath).await?;
        }
        patience.call(|| store.time(run.clock.by())).await
    }

    /// Rescues, then runs what is due by then.
    async fn work(&self, aftermath: &mut Aftermath<C>) -> Result<Finish, StoreError> {
        let (run, settings) = (&self.run, self.run.settings());
        let due_by = on_the_way(run, self.rescue(aftermath)).await.ok_or_else(unanswered)??;
        run.clock.saw(due_by);
        let (claim, queues) = run.claim(Some(due_by));
        let (executor, ended, _watching) = run.executor();
        let fetcher = Fetcher::once(claim, queues.clone(), &settings.queue_limits, run.clock.clone());
        let terms = PumpTerms {
            prefetch: Some(0),
            gives_up: (settings.lease_doubt == LeaseDoubt::Stop).then_some(settings.lease),
            tireless: false,
            ready: CancellationToken::new(),
            tidings: Arc::default(),
        };
        let state = PumpState::new(settings.limit, run.clock.instant());
        let finish = Pump { run, terms, executor, ended, fetcher, aftermath, state }.run().await?;
        match run.setup.stop.run_until_cancelled(self.pauses(&queues)).await {
            Some(Ok(Pauses { types, queues })) => {
                (aftermath.run.paused_types, aftermath.run.paused_queues) = (types, queues);
            }
            Some(Err(error)) => warn!("Whether pauses hold jobs back is not known: {error}"),
            None => {}
        }
        Pruner { run }.run_once().await;
        Ok(finish)
    }

    /// What is left alone because it is paused: else it would look as if there were nothing to run.
    async fn pauses(&self, queues: &[QueueName]) -> Result<Pauses, StoreError> {
        let Setup { opened, types, .. } = &self.run.setup;
        let on = opened.switches.switches().await?;
        Pauses::among(on, types, queues).with_jobs(&opened.store, types, queues).await
    }

    async fn end(
        self,
        beating: Beating,
        started: Timestamp,
        worked: Result<Finish, StoreError>,
        aftermath: Aftermath<C>,
    ) -> Result<RunReport, ScriptError> {
        self.run.wind_up(beating).await;
        self.give_up_lock().await;
        let (report, worked) = self.run.end(aftermath, started, worked).await;
        let section = self.run.settings().name.clone();
        match worked {
            Err(source) => Err(self.broken(source, report)),
            Ok(_) if self.run.lost.is_cancelled() => {
                Err(ScriptError::LockLost { section, report: Box::new(report) })
            }
            Ok(Finish::Stuck) => Err(ScriptError::Stuck { section, report: Box::new(report) }),
            Ok(Finish::Done) => Ok(report),
        }
    }

    /// If it is lost, this changes nothing.
    async fn give_up_lock(&self) {
        self.lock.give_up(&self.run.setup.opened.store, self.run.last_patience()).await;
    }

    fn broken(&self, source: StoreError, report: RunReport) -> ScriptError {
        let section = self.run.settings().name.clone();
        ScriptError::Store { section, source, report: Box::new(report) }
    }
}

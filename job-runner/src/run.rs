//! One run of a section, from its lock to its last line in the log.

use crate::{
    FileReporter, LogReporter, Reporter, RunReport, Script, ScriptError,
    aftermath::Aftermath,
    attempts::Attempts,
    backoff::Patience,
    clock::{self, Instant, RunnerClock},
    entry::Terms,
    executor::Executor,
    fetcher::Fetcher,
    handlers::Handlers,
    heart::{Heart, fence},
    heart_thread::Beating,
    host,
    judge::Judge,
    pump::{Pump, PumpState, PumpTerms},
    reports::Reports,
    rescuer::Rescuer,
    section_lock::{Asked, SectionLock},
    watch::Watch,
};
use job_core::{
    Note, QueueName, RunNote, Text, Timestamp, TypeName,
    store::{Claim, JobStoreExt, StoreError, Switch},
};
use parking_lot::Mutex;
use std::{
    num::NonZeroU32,
    sync::{Arc, atomic::AtomicBool},
};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{debug, warn};

/// A run, with all that its loops share.
pub(crate) struct Run<C> {
    script: Script<C>,
    types: Vec<TypeName>,
    clock: Arc<RunnerClock>,
    attempts: Arc<Attempts>,
    handlers: Arc<Handlers>,
    judge: Arc<Judge<C>>,
    aftermath: Aftermath<C>,
    lock: SectionLock,
    terms: Terms,
    /// The section's lock is lost, or in doubt.
    lost: CancellationToken,
}

impl<C: Clone + Send + Sync + 'static> Run<C> {
    pub(crate) fn new(script: Script<C>) -> Result<Self, ScriptError> {
        let by = clock::actor();
        let (opened, settings, registry) = (&script.opened, &script.settings, script.registry.clone());
        let clock = Arc::new(RunnerClock::new(opened.clock));
        let handlers = Handlers::new(script.place, settings.concurrency).map_err(ScriptError::Threads)?;
        let judge =
            Judge::new(registry.clone(), clock.clone(), by, settings.crash_limit, settings.delete_completed);
        let judge = Arc::new(judge);
        let reporter: Arc<dyn Reporter> = match (&script.reporter, &settings.report_dir) {
            (Some(reporter), _) => reporter.clone(),
            (None, Some(folder)) => Arc::new(FileReporter::new(folder)),
            (None, None) => Arc::new(LogReporter),
        };
        let reports = Reports::new(settings.name.clone(), reporter, script.notifier.clone());
        let aftermath = Aftermath { registry, judge: judge.clone(), reports, run: RunReport::default() };
        Ok(Self {
            types: script.types.clone(),
            lock: SectionLock::new(&settings.name, script.lock.clone(), by, settings.lease, opened.clock),
            terms: Terms { by, store: opened.scheme, delete_completed: settings.delete_completed },
            clock,
            attempts: Arc::default(),
            handlers: Arc::new(handlers),
            judge,
            aftermath,
            lost: CancellationToken::new(),
            script,
        })
    }

    pub(crate) async fn run(mut self) -> Result<RunReport, ScriptError> {
        let Some((started, locked)) = self.begin().await? else { return Ok(self.aftermath.run) };
        let beating = match self.start_heart(locked).await {
            Ok(beating) => beating,
            Err(error) => {
                self.lock.give_up(&self.script.opened.store).await;
                return Err(error);
            }
        };
        let worked = self.work().await;
        self.attempts.all().iter().for_each(|it| it.token.cancel());
        beating.stop(self.script.settings.lease).await;
        // If it is lost, this changes nothing.
        self.lock.give_up(&self.script.opened.store).await;
        self.end(started, worked).await
    }

    /// Takes the section; `None` if the runner was told to stop before it had it. Gives the time at the start,
    /// and the instant at which the lock was asked for.
    async fn begin(&self) -> Result<Option<(Timestamp, Instant)>, ScriptError> {
        let section = self.script.settings.name.clone();
        let disabled = Switch::DisableSection(section.clone());
        let (store, switches) = (&self.script.opened.store, &self.script.opened.switches);
        let (by, patience) = (self.clock.by(), Self::patience(&self.clock, &self.script));
        let started = patience.call(|| store.time(by)).await;
        let started = started.map_err(|source| self.broken(source))?;
        self.clock.saw(started);
        let on = patience.call(|| switches.switches()).await;
        let on = on.map_err(|source| self.broken(source))?;
        if on.contains(&disabled) {
            return Err(ScriptError::SectionDisabled { section });
        }
        let wait = self.script.settings.wait_for_lock;
        let asked = self.lock.take(store, patience, wait).await;
        match asked.map_err(|source| self.broken(source))? {
            Asked::Taken(asked) => Ok(Some((started, asked))),
            Asked::Stopped => Ok(None),
            Asked::Busy { holder, until } => {
                let left = until.since(self.clock.now());
                Err(ScriptError::SectionRunning { section, holder, until, left })
            }
        }
    }

    async fn start_heart(&self, locked: Instant) -> Result<Beating, ScriptError> {
        let settings = &self.script.settings;
        let heart = Heart {
            attempts: self.attempts.clone(),
            clock: self.clock.clone(),
            lock: self.lock.clone(),
            lease: settings.lease,
            beat: settings.beat,
            doubt: settings.lease_doubt,
            lost: self.lost.clone(),
            stop: CancellationToken::new(),
            lock_fence: Mutex::new(fence(locked, settings.lease, self.clock.since(locked))),
            away: AtomicBool::new(false),
        };
        let own = self.script.heart_store.clone();
        Beating::start(heart, self.script.place, self.script.opened.clone(), own).await
    }

    /// Rescues, then runs what is due by then.
    async fn work(&mut self) -> Result<(), StoreError> {
        let store = self.script.opened.store.clone();
        let patience = Self::patience(&self.clock, &self.script);
        let rescuer = Rescuer { store: &store, judge: &self.judge, types: &self.types, patience };
        rescuer.run(&mut self.aftermath).await?;
        // Read now, so that what was rescued counts as due.
        let due_by = patience.call(|| store.time(self.clock.by())).await?;
        self.clock.saw(due_by);
        let (sender, ended) = mpsc::unbounded_channel();
        let watch = Watch {
            attempts: self.attempts.clone(),
            clock: self.clock.clone(),
            handlers: self.handlers.clone(),
            ended: sender.clone(),
        };
        let _watching = AbortOnDropHandle::new(tokio::spawn(async move { watch.run().await }));
        let (script, settings) = (&self.script, &self.script.settings);
        let queues = script.registry.queues(&self.types, &settings.queues);
        let claim = Claim {
            by: self.terms.by,
            queue: QueueName::default(),
            types: self.types.clone(),
            limit: NonZeroU32::MIN,
            lease: settings.lease,
            due_by: Some(due_by),
            clock: self.clock.by(),
        };
        let executor = Executor {
            registry: script.registry.clone(),
            context: Arc::new(script.context.clone()),
            terms: self.terms,
            clock: self.clock.clone(),
            attempts: self.attempts.clone(),
            handlers: self.handlers.clone(),
            ended: sender,
        };
        let mut pump = Pump {
            store,
            notes: script.opened.notes.clone(),
            clock: self.clock.clone(),
            attempts: self.attempts.clone(),
            executor,
            ended,
            fetcher: Fetcher::new(claim, queues),
            judge: self.judge.clone(),
            aftermath: &mut self.aftermath,
            terms: PumpTerms {
                slots: usize::try_from(settings.concurrency.get()).unwrap_or(usize::MAX),
                grace: settings.grace,
                doubt: settings.lease_doubt,
            },
            stop: script.stop.clone(),
            lost: self.lost.clone(),
            state: PumpState::default(),
        };
        pump.run().await
    }

    /// Writes down what was done.
    async fn end(
        mut self,
        started: Timestamp,
        worked: Result<(), StoreError>,
    ) -> Result<RunReport, ScriptError> {
        self.aftermath.reports.finish().await;
        self.aftermath.run.zombies = u64::try_from(self.attempts.zombies().len()).unwrap_or(u64::MAX);
        self.aftermath.run.log();
        if let Err(source) = worked {
            return Err(self.broken(source));
        }
        self.keep_note(started).await;
        let report = self.aftermath.run;
        if self.lost.is_cancelled() {
            let section = self.script.settings.name;
            return Err(ScriptError::LockLost { section, report: Box::new(report) });
        }
        Ok(report)
    }

    async fn keep_note(&self, started: Timestamp) {
        let (section, run) = (self.script.settings.name.clone(), &self.aftermath.run);
        let body = RunNote {
            host: Text::new(host::host()),
            started,
            finished: self.clock.now(),
            completed: run.completed.clone(),
            incomplete: run.incomplete.clone(),
        };
        let kept = match Note::run(section.clone(), &body) {
            Ok(note) => self.script.opened.notes.append(&[note]).await.map_err(|it| it.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(problem) = kept {
            warn!(section.name = %section, "The record of this run of {section} could not be kept: {problem}");
        }
        debug!(section.name = %section, "Section {section} ran.");
    }

    /// A store that is not available is tried again for a lease, or until the stop.
    fn patience<'a>(clock: &'a RunnerClock, script: &'a Script<C>) -> Patience<'a> {
        Patience { clock, limit: script.settings.lease, stop: &script.stop }
    }

    fn broken(&self, source: StoreError) -> ScriptError {
        let section = self.script.settings.name.clone();
        ScriptError::Store { section, source, report: Box::new(self.aftermath.run.clone()) }
    }
}

//! A run of a section: what the loops of a script or a worker share, from their start to the record of it.

pub(crate) mod pruner;
pub(crate) mod script_run;
pub(crate) mod setup;
pub(crate) mod tender;
pub(crate) mod tidings;
pub(crate) mod worker_run;

use crate::{
    FileReporter, LogReporter, Reporter, RunReport, SectionSettings,
    attempt::{
        aftermath::Aftermath,
        attempts::Attempts,
        executor::{Ended, Executor},
        handlers::Handlers,
        judge::Judge,
        running::Told,
        watch::Watch,
    },
    backoff::Patience,
    clock::{self, RunnerClock},
    entry::Terms,
    hook_calls::{HookCalls, Refused},
    host,
    lease::{
        heart::{Heart, HeldLock},
        heart_thread::{Beating, HeartError},
    },
    metrics::Metrics,
    pulse::Pulse,
    reporting::reports::Reports,
    run::setup::Setup,
};
use job_core::{
    Note, QueueName, RunNote, Text, Timestamp,
    store::{Claim, StoreError},
};
use std::{
    io,
    num::NonZeroU32,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{debug, warn};

/// What the loops of a run share.
pub(crate) struct Run<C> {
    pub(crate) setup: Setup<C>,
    pub(crate) clock: Arc<RunnerClock>,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) handlers: Arc<Handlers>,
    pub(crate) judge: Arc<Judge<C>>,
    pub(crate) terms: Terms,
    pub(crate) pulse: Pulse,
    /// Claims are over: the heart broke, or the section's lock is lost or in doubt.
    pub(crate) lost: CancellationToken,
    pub(crate) metrics: Arc<Metrics>,
    hooks: Arc<HookCalls>,
    reports: Reports,
}

impl<C: Clone + Send + Sync + 'static> Run<C> {
    /// A run of `setup` that nobody has heard of yet, and the pulse that it shows. Called on the runtime that runs it.
    pub(crate) fn new(setup: Setup<C>, pulse: Pulse) -> io::Result<Self> {
        let by = clock::actor();
        let (opened, settings, registry) = (&setup.opened, &setup.settings, setup.registry.clone());
        let clock = Arc::new(RunnerClock::new(opened.clock));
        let slots = many(settings.concurrency.get());
        let threads = settings.threads.map_or(slots, |it| many(it.get()));
        let replaced = settings.zombie_limit.map_or(slots, many);
        let handlers = Handlers::new(setup.place, slots, threads, replaced)?;
        let judge = Judge::new(registry, clock.clone(), by, settings.crash_limit, settings.delete_completed);
        let reporter: Arc<dyn Reporter> = match (&setup.reporter, &settings.report_dir) {
            (Some(reporter), _) => reporter.clone(),
            (None, Some(folder)) => Arc::new(FileReporter::new(folder)),
            (None, None) => Arc::new(LogReporter),
        };
        let reports = Reports::new(settings.name.clone(), reporter, setup.notifier.clone());
        let metrics = Metrics::new(&settings.name, &setup.types);
        let hooks =
            HookCalls::new(setup.hooks.clone(), settings.name.clone(), reports.clone(), clock.clone());
        Ok(Self {
            terms: Terms { by, store: opened.scheme, delete_completed: settings.delete_completed },
            pulse,
            clock,
            attempts: Arc::default(),
            handlers,
            judge: Arc::new(judge),
            lost: CancellationToken::new(),
            metrics: Arc::new(metrics),
            hooks: Arc::new(hooks),
            reports,
            setup,
        })
    }

    pub(crate) fn settings(&self) -> &SectionSettings {
        &self.setup.settings
    }

    /// How many handlers may run at a time.
    pub(crate) fn slots(&self) -> usize {
        many(self.settings().concurrency.get())
    }

    /// Tries a store that is away for as long as `limit`, or until the stop.
    pub(crate) fn patience(&self, limit: Duration) -> Patience<'_> {
        Patience { clock: &self.clock, limit, stop: &self.setup.stop }
    }

    /// A count of what is done, and the one who tells of it.
    pub(crate) fn aftermath(&self) -> Aftermath<C> {
        Aftermath {
            registry: self.setup.registry.clone(),
            clock: self.clock.clone(),
            reports: self.reports.clone(),
            hooks: self.hooks.clone(),
            metrics: self.metrics.clone(),
            run: RunReport::default(),
        }
    }

    /// Starts the heart, which keeps `lock` too, if there is one.
    pub(crate) async fn start_heart(&self, lock: Option<HeldLock>) -> Result<Beating, HeartError> {
        let settings = self.settings();
        let heart = Heart {
            attempts: self.attempts.clone(),
            clock: self.clock.clone(),
            pulse: self.pulse.clone(),
            lock,
            lease: settings.lease,
            beat: settings.beat,
            doubt: settings.lease_doubt,
            lost: self.lost.clone(),
            stop: CancellationToken::new(),
            away: AtomicBool::new(false),
        };
        let (opened, own) = (self.setup.opened.clone(), self.setup.heart_store.clone());
        Beating::start(heart, self.setup.place, opened, own).await
    }

    /// Who starts attempts, where their ends come in, and the watch over their time, which lasts as long as its handle.
    pub(crate) fn executor(&self) -> (Executor<C>, UnboundedReceiver<Ended>, AbortOnDropHandle<()>) {
        let (sender, ended) = mpsc::unbounded_channel();
        let watch = Watch {
            attempts: self.attempts.clone(),
            clock: self.clock.clone(),
            handlers: self.handlers.clone(),
            metrics: self.metrics.clone(),
            ended: sender.clone(),
        };
        let watching = AbortOnDropHandle::new(tokio::spawn(async move { watch.run().await }));
        let executor = Executor {
            registry: self.setup.registry.clone(),
            context: Arc::new(self.setup.context.clone()),
            terms: self.terms,
            clock: self.clock.clone(),
            attempts: self.attempts.clone(),
            handlers: self.handlers.clone(),
            hooks: self.hooks.clone(),
            metrics: self.metrics.clone(),
            ended: sender,
        };
        (executor, ended, watching)
    }

    /// What all claims have in common, and the queues to claim from.
    pub(crate) fn claim(&self, due_by: Option<Timestamp>) -> (Claim, Vec<QueueName>) {
        let claim = Claim {
            by: self.terms.by,
            queue: QueueName::default(),
            types: self.setup.types.clone(),
            limit: NonZeroU32::MIN,
            lease: self.settings().lease,
            due_by,
            clock: self.clock.by(),
        };
        (claim, self.setup.registry.queues(&self.setup.types, &self.settings().queues))
    }

    /// Enters the section's hooks. What one refuses is not run.
    pub(crate) async fn enter(&self) -> Result<(), Refused> {
        self.hooks.enter().await
    }

    /// Waits for the calls of hooks that are on their way, and leaves the section's hooks. Once everything is to be
    /// released at once, they have a moment.
    pub(crate) async fn leave(&self, aftermath: &mut Aftermath<C>) {
        let left = async {
            self.hooks.finish().await;
            aftermath.run.zombies = self.zombies();
            self.hooks.leave(&aftermath.run).await;
        };
        let released = async {
            self.setup.release.cancelled().await;
            tokio::time::sleep(self.last_patience()).await;
        };
        tokio::select! {
            () = left => {}
            () = released => {}
        }
    }

    fn zombies(&self) -> u64 {
        u64::try_from(self.attempts.zombies().len()).unwrap_or(u64::MAX)
    }

    /// Stops the handlers that are left, and the heart.
    pub(crate) async fn wind_up(&self, beating: Beating) {
        self.attempts.all().iter().for_each(|it| it.tell(Told::Stopping));
        beating.stop(self.last_patience()).await;
    }

    /// How long each of the last things may take that are done when nothing runs any more.
    pub(crate) fn last_patience(&self) -> Duration {
        if self.setup.release.is_cancelled() {
            Duration::from_millis(200)
        } else if self.setup.stop.is_cancelled() {
            Duration::from_secs(1)
        } else {
            self.settings().lease
        }
    }

    /// Waits for the reports that are on their way, counts what is left, and logs it all. Keeps the record of the run
    /// since `started`, unless the store broke.
    pub(crate) async fn end(
        &self,
        aftermath: Aftermath<C>,
        started: Timestamp,
        worked: Result<(), StoreError>,
    ) -> (RunReport, Result<(), StoreError>) {
        let mut report = aftermath.run;
        if self.setup.release.is_cancelled() {
            let _ = timeout(self.last_patience(), self.reports.finish()).await;
        } else {
            self.reports.finish().await;
        }
        report.zombies = self.zombies();
        self.metrics.stand(0, 0, 0, self.attempts.zombies().len());
        report.log();
        if worked.is_ok() {
            self.keep_note(started, &report).await;
        }
        (report, worked)
    }

    async fn keep_note(&self, started: Timestamp, report: &RunReport) {
        let section = self.settings().name.clone();
        let body = RunNote {
            host: Text::new(host::host()),
            started,
            finished: self.clock.now(),
            completed: report.completed.clone(),
            incomplete: report.incomplete.clone(),
        };
        let kept = match Note::run(section.clone(), &body) {
            Ok(note) => match timeout(self.last_patience(), self.setup.opened.notes.append(&[note])).await {
                Ok(kept) => kept.map_err(|it| it.to_string()),
                Err(_) => Err("the job store does not answer".to_owned()),
            },
            Err(error) => Err(error.to_string()),
        };
        if let Err(problem) = kept {
            warn!(section.name = %section, "The record of this run of {section} could not be kept: {problem}");
        }
        debug!(section.name = %section, "Section {section} ran.");
    }
}

pub(crate) fn many(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

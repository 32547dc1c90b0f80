//! A run of a section: what the loops of a script or a worker share, from their start to the record of it.

pub(crate) mod farewell;
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
        watch::Watch,
    },
    backlog::Backlog,
    backoff::Patience,
    clock::{self, RunnerClock},
    entry::Terms,
    hook_calls::{HookCalls, Refused},
    lease::{
        heart::{Heart, HeldLock},
        heart_thread::{Beating, HeartError},
    },
    metrics::Metrics,
    pulse::Pulse,
    reporting::reports::Reports,
    run::setup::Setup,
};
use job_core::{QueueName, Timestamp, store::Claim};
use std::{
    io,
    num::NonZeroU32,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

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
    /// What hooks and reporters have still to do.
    pub(crate) backlog: Arc<Backlog>,
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
        let (name, backlog) = (settings.name.clone(), Arc::<Backlog>::default());
        let reports = Reports::new(name.clone(), reporter, setup.notifier.clone(), backlog.clone());
        let metrics = Metrics::new(&settings.name, &setup.types);
        let hooks =
            HookCalls::new(setup.hooks.clone(), name, reports.clone(), clock.clone(), backlog.clone());
        Ok(Self {
            terms: Terms { by, store: opened.scheme, delete_completed: settings.delete_completed },
            pulse,
            clock,
            attempts: Arc::default(),
            handlers,
            judge: Arc::new(judge),
            lost: CancellationToken::new(),
            metrics: Arc::new(metrics),
            backlog,
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

    /// Starts the heart, which keeps `lock` too, if there is one. If it opens the store once more and that is away, it waits
    /// for it as long as `limit`.
    pub(crate) async fn start_heart(
        &self,
        lock: Option<HeldLock>,
        limit: Duration,
    ) -> Result<Beating, HeartError> {
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
        Beating::start(heart, self.setup.place, self.setup.opened.clone(), limit).await
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
}

pub(crate) fn many(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

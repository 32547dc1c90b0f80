//! The stage of these tests: a store in memory, and what its jobs did.

use crate::{
    lines::listen,
    lives::{Life, Lives},
    play::{Brief, Laned, Play, Usual},
    unsteady::Unsteady,
};
use async_trait::async_trait;
use job_core::{
    AttemptNote, BoxError, Job, JobId, JobSource, JobStatus, NoteFilter, NoteKind, Options, RunnableJob,
    TypeName,
    store::{JobStore, JobStoreExt, Notes, Opened},
};
use job_runner::{
    ErrorReport, Notifier, OperatorNotice, Registry, Reporter, RunReport, Script, ScriptError,
    SectionSettings, UserError, Worker, WorkerError,
};
use job_store_mem::MemStore;
use job_testing::factory::{limit, named, noon};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A store whose clock stands at noon, and what its jobs did. Also the context of the jobs.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) store: MemStore,
    pub(crate) opened: Opened,
    pub(crate) told: Told,
    pub(crate) stop: CancellationToken,
    /// Lets go of those that spin or block.
    pub(crate) freed: Arc<AtomicBool>,
    other: Arc<Mutex<Option<JobId>>>,
    ran: Arc<Mutex<Vec<String>>>,
    pub(crate) lives: Lives,
    gates: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

/// Collects reports and user errors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) reports: Arc<Mutex<Vec<ErrorReport>>>,
    pub(crate) users: Arc<Mutex<Vec<UserError>>>,
    pub(crate) operators: Arc<Mutex<Vec<OperatorNotice>>>,
}

#[async_trait]
impl Reporter for Told {
    async fn report(&self, report: &ErrorReport) -> Result<(), BoxError> {
        self.reports.lock().push(report.clone());
        Ok(())
    }
}

#[async_trait]
impl Notifier for Told {
    async fn notify(&self, error: &UserError) -> Result<(), BoxError> {
        self.users.lock().push(error.clone());
        Ok(())
    }

    async fn notify_operators(&self, notice: &OperatorNotice) -> Result<(), BoxError> {
        self.operators.lock().push(notice.clone());
        Ok(())
    }
}

impl Stage {
    pub(crate) fn new() -> Self {
        let store = MemStore::seeded(1);
        store.set_now(noon());
        let opened = store.opened();
        Self::on(store, opened)
    }

    /// A stage whose runner meets the faults that are asked for.
    pub(crate) fn unsteady() -> (Self, Unsteady) {
        let stage = Self::new();
        let store = Unsteady::new(&stage.store);
        (stage.through(store.opened()), store)
    }

    /// On another view of the store.
    pub(crate) fn on(store: MemStore, opened: Opened) -> Self {
        listen();
        Self {
            store,
            opened,
            told: Told::default(),
            stop: CancellationToken::new(),
            freed: Arc::default(),
            other: Arc::default(),
            ran: Arc::default(),
            lives: Lives::default(),
            gates: Arc::default(),
        }
    }

    /// The same stage, through another view of its store.
    pub(crate) fn through(&self, opened: Opened) -> Self {
        Self { opened, ..self.clone() }
    }

    pub(crate) fn registry() -> Registry<Self> {
        Registry::new().register::<Usual>().register::<Brief>().register::<Laned>()
    }

    pub(crate) fn settings() -> SectionSettings {
        SectionSettings { concurrency: limit(10), ..SectionSettings::new(named("test")) }
    }

    /// A script over all that the stage has.
    pub(crate) fn script(&self) -> Script<Self> {
        self.script_of(Self::registry(), Self::settings())
    }

    pub(crate) fn script_with(&self, settings: SectionSettings) -> Script<Self> {
        self.script_of(Self::registry(), settings)
    }

    pub(crate) fn script_of(&self, registry: Registry<Self>, settings: SectionSettings) -> Script<Self> {
        let told = Arc::new(self.told.clone());
        Script::new(self.opened.clone(), registry, self.clone(), settings)
            .unwrap()
            .place(job_runner::Place::Here)
            .stop_token(self.stop.clone())
            .reporter(told.clone())
            .notifier(told)
    }

    pub(crate) async fn run(&self) -> RunReport {
        self.script().run().await.unwrap()
    }

    /// Runs `script` beside the test.
    pub(crate) fn start(
        &self,
        script: Script<Self>,
    ) -> tokio::task::JoinHandle<Result<RunReport, ScriptError>> {
        tokio::spawn(script.run())
    }

    /// A worker over all that the stage has.
    pub(crate) fn worker(&self) -> Worker<Self> {
        self.worker_with(Self::settings())
    }

    pub(crate) fn worker_with(&self, settings: SectionSettings) -> Worker<Self> {
        let told = Arc::new(self.told.clone());
        Worker::new(self.opened.clone(), Self::registry(), self.clone(), settings)
            .unwrap()
            .place(job_runner::Place::Here)
            .stop_token(self.stop.clone())
            .reporter(told.clone())
            .notifier(told)
    }

    /// Runs `worker` beside the test.
    pub(crate) fn start_worker(
        &self,
        worker: Worker<Self>,
    ) -> tokio::task::JoinHandle<Result<RunReport, WorkerError>> {
        tokio::spawn(worker.run())
    }

    pub(crate) async fn create(&self, play: Play) -> Job {
        self.create_with(play, &Options::default()).await
    }

    pub(crate) async fn create_with(&self, play: Play, options: &Options) -> Job {
        self.source::<Usual>().create_with(&Usual(play), options).await.unwrap()
    }

    pub(crate) fn source<J: RunnableJob<Self>>(&self) -> JobSource<J> {
        JobSource::new::<job_core::Plain<Self>>(self.opened.store.clone())
    }

    /// A job that may be tried once.
    pub(crate) async fn create_last(&self, play: Play) -> Job {
        self.create_with(play, &Options { max_retries: Some(0), ..Options::default() }).await
    }

    pub(crate) async fn row(&self, id: JobId) -> Job {
        self.store.get(id).await.unwrap().unwrap()
    }

    /// Waits until the job is completed.
    pub(crate) async fn completed(&self, id: JobId) {
        while self.row(id).await.state.status() != JobStatus::Completed {
            tokio::time::sleep(SECOND / 100).await;
        }
    }

    /// The notes about attempts at the job, the oldest first.
    pub(crate) async fn attempts(&self, id: JobId) -> Vec<AttemptNote> {
        let filter = NoteFilter {
            about: Some(job_core::About::Job(id)),
            kind: Some(NoteKind::Attempt),
            ..NoteFilter::default()
        };
        let mut notes = self.store.notes(&filter, limit(100)).await.unwrap();
        notes.reverse();
        notes.iter().map(|it| it.note.body.decode().unwrap()).collect()
    }

    /// The labels of the jobs that ran, in the order of their starts.
    pub(crate) fn ran(&self) -> Vec<String> {
        self.ran.lock().clone()
    }

    /// A job says that it is here.
    pub(crate) fn arrives(&self, label: &str) {
        self.gate(label, "here").add_permits(1);
    }

    /// Waits until the job that waits with this label is there.
    pub(crate) async fn here(&self, label: &str) {
        self.gate(label, "here").acquire().await.unwrap().forget();
    }

    /// Lets the job that waits with this label go on.
    pub(crate) fn let_go(&self, label: &str) {
        self.gate(label, "go").add_permits(1);
    }

    /// A job has started.
    pub(crate) fn runs(&self, label: &str) {
        self.ran.lock().push(label.to_owned());
    }

    /// A handler lives, as long as what it is given.
    pub(crate) fn alive(&self, label: &str) -> Life {
        self.lives.begin(label)
    }

    /// A job says that it is here, and waits to be let go.
    pub(crate) async fn pass(&self, label: &str) -> Result<(), BoxError> {
        self.arrives(label);
        self.gate(label, "go").acquire().await?.forget();
        Ok(())
    }

    fn gate(&self, label: &str, side: &str) -> Arc<Semaphore> {
        let mut gates = self.gates.lock();
        gates.entry(format!("{label} {side}")).or_insert_with(|| Arc::new(Semaphore::new(0))).clone()
    }

    /// Another job, for one that meddles with others.
    pub(crate) fn other(&self) -> JobId {
        self.other.lock().unwrap()
    }

    pub(crate) fn set_other(&self, id: JobId) {
        *self.other.lock() = Some(id);
    }

    /// The store's time from now on goes with the runtime's, in steps of 100 ms.
    pub(crate) fn let_time_flow(&self) {
        const STEP: Duration = Duration::from_millis(100);
        let store = self.store.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(STEP);
            loop {
                ticks.tick().await;
                let now = store.now().await.unwrap();
                store.set_now(now + STEP);
            }
        });
    }
}

/// The count of a type in a report.
pub(crate) fn count(counts: &std::collections::BTreeMap<TypeName, u64>, name: &str) -> u64 {
    counts.get(&named::<TypeName>(name)).copied().unwrap_or(0)
}

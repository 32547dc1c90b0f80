//! Jobs that flow: one that enqueues, scripts that run what is due, and in the end a look at every row.

use super::{
    database::Database,
    ledger::{Ledger, Plain, Sure, TABLE},
};
use diesel::{QueryableByName, sql_query, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use job_core::{
    About, AttemptNote, Clock, Job, JobStatus, JobType, NewJob, NoteFilter, NoteKind, Options, RunnableJob,
    SectionName, TransactionalJob,
    store::{Filter, Inserted, JobStoreExt, Opened, Opener, StoreError},
};
use job_runner::{Registry, Script, SectionSettings};
use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// How many jobs flow in a round, half of them transactional.
pub(super) const JOBS: u32 = 200;
/// Within this, all of them have ended, whatever happened: it covers some leases.
const PATIENCE: Duration = Duration::from_secs(90);
/// Many more jobs than there are.
const ALL: NonZeroU32 = NonZeroU32::MAX;

/// A store, a ledger, and who keeps both busy.
pub(super) struct Flow<'a> {
    database: &'a Database,
    /// Where the handlers find the ledger.
    ledger: String,
    lease: Duration,
    opened: Opened,
    starts: Arc<watch::Sender<u32>>,
}

#[derive(QueryableByName)]
struct Entries {
    #[diesel(sql_type = sql_types::Uuid)]
    job: uuid::Uuid,
    #[diesel(sql_type = sql_types::BigInt)]
    n: i64,
}

impl<'a> Flow<'a> {
    /// In that database, whose server the store finds at `store`, and the handlers at `ledger`. Leases are short, so that
    /// a test need not wait long for what one has to end.
    pub(super) async fn new(database: &'a Database, store: &str, ledger: &str) -> Self {
        let opened = job_store_pg::Opener.open(&database.store_url(store)).await.unwrap();
        database.connect().await.batch_execute(TABLE).await.unwrap();
        let lease = Duration::from_secs(3);
        Self { database, ledger: database.at(ledger), lease, opened, starts: Arc::default() }
    }

    /// With leases as long as they are by default.
    pub(super) fn with_usual_leases(self) -> Self {
        Self { lease: Duration::from_secs(30), ..self }
    }

    /// Lets 200 jobs flow, makes `trouble` meanwhile, and gives the jobs when all have ended as they should, with what
    /// the trouble was.
    pub(super) async fn round<T>(
        &self,
        trouble: impl AsyncFnOnce(watch::Receiver<u32>) -> T,
    ) -> (T, Vec<Job>) {
        self.starts.send_replace(0);
        let drafts: Vec<NewJob> = (0..JOBS).map(|n| self.draft(n)).collect();
        let ended = AtomicBool::new(false);
        let trouble = async {
            let trouble = trouble(self.starts.subscribe()).await;
            self.see_the_end(&drafts).await;
            ended.store(true, SeqCst);
            trouble
        };
        let flow = async { tokio::join!(self.enqueue(&drafts), self.run_until(&ended), trouble) };
        let Ok(((), (), trouble)) = timeout(PATIENCE, flow).await else {
            panic!("after {PATIENCE:?} some have not ended: {:?}", self.jobs(&drafts).await);
        };
        let jobs = self.jobs(&drafts).await;
        self.look_at(&jobs).await;
        (trouble, jobs)
    }

    fn draft(&self, n: u32) -> NewJob {
        let (id, usual) = (self.opened.store.mint(), Options::default());
        let draft =
            if n.is_multiple_of(2) { Sure.draft(id, &usual, None) } else { Plain.draft(id, &usual, None) };
        draft.unwrap()
    }

    /// Enqueues, a few at a time; again, with the same ids, when it cannot know whether it did.
    async fn enqueue(&self, drafts: &[NewJob]) {
        for some in drafts.chunks(10) {
            let inserted = again(async || self.opened.store.insert(some, Clock::Store).await).await;
            assert!(inserted.iter().all(|it| matches!(it, Inserted::Created(_))), "{inserted:?}");
        }
    }

    /// One script after the other. What one could not end, because the server was gone, is the next one's.
    async fn run_until(&self, ended: &AtomicBool) {
        let registry = Arc::new(Registry::new().register::<Plain>().register_transactional::<Sure>());
        let settings = SectionSettings {
            concurrency: NonZeroU32::new(8).unwrap(),
            lease: self.lease,
            beat: Duration::from_millis(500),
            wait_for_lock: true,
            ..SectionSettings::new(SectionName::new("outages").unwrap())
        };
        while !ended.load(SeqCst) {
            // The handlers' runtime ends with the script, and their connections with it.
            let ledger = Ledger::new(&self.ledger, self.starts.clone());
            let script =
                Script::new(self.opened.clone(), registry.clone(), ledger, settings.clone()).unwrap();
            if let Err(error) = script.run().await {
                eprintln!("a script ended early: {error}");
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Returns when none of them is pending any more.
    async fn see_the_end(&self, drafts: &[NewJob]) {
        let ids = Filter::ids(drafts.iter().map(|it| it.id));
        let statuses = JobStatus::ALL.into_iter().filter(|it| it.is_final()).collect();
        let ended = Filter { statuses: Some(statuses), ..ids };
        loop {
            let counted = again(async || self.opened.store.count(&ended, u64::from(JOBS)).await).await;
            if counted.jobs == u64::from(JOBS) {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn jobs(&self, drafts: &[NewJob]) -> Vec<Job> {
        let ids = Filter::ids(drafts.iter().map(|it| it.id));
        self.opened.store.find(&ids, ALL).await.unwrap()
    }

    /// Nothing was lost, nothing was completed twice, and what is told of every job hangs together.
    async fn look_at(&self, jobs: &[Job]) {
        assert_eq!(jobs.len(), JOBS as usize, "no job is lost");
        let effects = effects(&mut self.database.connect().await).await;
        let mut failed: HashMap<_, Vec<u32>> = HashMap::new();
        let attempts = NoteFilter { kind: Some(NoteKind::Attempt), ..NoteFilter::default() };
        for noted in self.opened.notes.notes(&attempts, ALL).await.unwrap() {
            let body: AttemptNote = noted.note.body.decode().unwrap();
            if let About::Job(id) = noted.note.about {
                failed.entry(id).or_default().push(body.attempt);
            }
        }
        for job in jobs {
            let (had, starts) =
                (effects.get(job.id.as_uuid()).copied().unwrap_or(0), job.state.attempt_count());
            assert_eq!(job.state.status(), JobStatus::Completed, "{job:?}");
            match job.spec.type_name.as_str() {
                Sure::TYPE => assert_eq!(had, 1, "exactly one effect: {job:?}"),
                Plain::TYPE => assert!((1..=starts).contains(&had), "{had} effects: {job:?}"),
                other => panic!("who made a {other} job?"),
            }
            // Each start is one change and each end another, and nothing else ever touched the row.
            assert_eq!(job.change_count(), 2 * i64::from(starts), "{job:?}");
            let mut failed = failed.remove(&job.id).unwrap_or_default();
            failed.sort_unstable();
            assert_eq!(
                failed,
                (1..starts).collect::<Vec<_>>(),
                "each start but the last one failed, once: {job:?}"
            );
        }
    }
}

/// What `call` gives once the store is there.
async fn again<T>(call: impl AsyncFn() -> Result<T, StoreError>) -> T {
    loop {
        match call().await {
            Err(error) if error.is_transient() => sleep(Duration::from_millis(20)).await,
            result => return result.unwrap(),
        }
    }
}

/// How many effects each job had.
async fn effects(conn: &mut AsyncPgConnection) -> HashMap<uuid::Uuid, u32> {
    let entries = sql_query("SELECT job, count(*) AS n FROM effect GROUP BY job");
    let entries: Vec<Entries> = entries.load(conn).await.unwrap();
    entries.into_iter().map(|it| (it.job, u32::try_from(it.n).unwrap())).collect()
}

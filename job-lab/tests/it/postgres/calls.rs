//! Every call of a store, and the transactions of an application, to be made by name.

use super::{
    database::Database,
    ledger::{TABLE, enter},
};
use crate::errand::Errand;
use diesel_async::{
    AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    pooled_connection::{AsyncDieselConnectionManager, deadpool::Pool},
};
use job_core::{
    ActorId, AttemptNote, BoxError, Clock, Completion, Job, JobId, LogLevel, LogNote, NewJob, Note,
    NoteFilter, Then,
    store::{
        Claim, Deletion, Filter, Held, JobStore, LockRequest, Notes, Order, Page, Switch, Switches, Wake,
    },
};
use job_store_pg::{EnqueueOn, PgStore, complete_in};
use job_testing::{factory, factory::named};
use std::{num::NonZeroU32, time::Duration};

/// More than there is of anything.
pub(super) const MANY: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");
/// Connections of the application's pool, and of the store's.
pub(super) const POOL: usize = 4;
const LEASE: Duration = Duration::from_secs(3600);

/// Every call of a store, and the transactions of an application.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Call {
    Now,
    Insert,
    Claim,
    Apply,
    Exchange,
    Renew,
    Lapsed,
    List,
    Count,
    Delete,
    Lock,
    Append,
    Notes,
    Set,
    Switches,
    Woken,
    Enqueue,
    Complete,
}

impl Call {
    pub(super) const ALL: [Self; 18] = [
        Self::Now,
        Self::Insert,
        Self::Claim,
        Self::Apply,
        Self::Exchange,
        Self::Renew,
        Self::Lapsed,
        Self::List,
        Self::Count,
        Self::Delete,
        Self::Lock,
        Self::Append,
        Self::Notes,
        Self::Set,
        Self::Switches,
        Self::Woken,
        Self::Enqueue,
        Self::Complete,
    ];
}

/// A store, and the application's own connections.
pub(super) struct World {
    pub(super) database: Database,
    pub(super) store: PgStore,
    pub(super) pool: Pool<AsyncPgConnection>,
}

impl World {
    pub(super) async fn new(server: &str) -> Self {
        let database = Database::new(server).await;
        database.connect().await.batch_execute(TABLE).await.unwrap();
        let store = PgStore::connect(&database.options()).await.unwrap();
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(database.url());
        let pool = Pool::builder(manager).max_size(POOL).build().unwrap();
        let world = Self { database, store, pool };
        world.store.insert(&world.jobs("test", 1000), Clock::Store).await.unwrap();
        world
    }

    fn jobs(&self, type_name: &str, n: usize) -> Vec<NewJob> {
        let job = |_| NewJob { type_name: named(type_name), ..factory::job(self.store.mint()) };
        (0..n).map(job).collect()
    }

    /// A job of the type `held` that runs, and whose runner is not one whose calls are dropped.
    pub(super) async fn running(&self) -> Job {
        self.store.insert(&self.jobs("held", 1), Clock::Store).await.unwrap();
        self.store.claim(&claim("held", factory::actor(1))).await.unwrap().jobs.remove(0)
    }

    /// Makes the call, and gives the jobs that it claimed.
    pub(super) async fn call(&self, which: Call, job: &Job, by: ActorId) -> Vec<JobId> {
        let (store, clock) = (&self.store, Clock::Store);
        let now = job.state.date_started().unwrap();
        let failed = || factory::change(job, job.fail("no".into(), now)).with_note(attempt(job, by));
        match which {
            Call::Now => drop(store.now().await.unwrap()),
            Call::Insert => drop(store.insert(&self.jobs("three", 3), clock).await.unwrap()),
            Call::Claim => return ids(store.claim(&claim("test", by)).await.unwrap().jobs),
            Call::Apply => drop(store.apply(&[failed()]).await.unwrap()),
            Call::Exchange => {
                return ids(store.exchange(&[failed()], &claim("test", by)).await.unwrap().1.jobs);
            }
            Call::Renew => {
                let held = Held { id: job.id, revision: job.state.revision(), progress: None };
                drop(store.renew(&[held], LEASE, clock).await.unwrap());
            }
            Call::Lapsed => drop(store.lapsed(None, MANY, clock).await.unwrap()),
            Call::List => {
                drop(store.list(&Filter::default(), &Page::first(Order::Claim, MANY)).await.unwrap())
            }
            Call::Count => drop(store.count(&Filter::default(), 1000).await.unwrap()),
            Call::Delete => drop(store.delete(&Deletion::Ids(vec![job.id])).await.unwrap()),
            Call::Lock => {
                let (name, holder) = (named("section/x"), "a test".into());
                drop(store.lock(&LockRequest { name, by, holder, lease: LEASE, clock }).await.unwrap());
            }
            Call::Append => store.append(&[line(job)]).await.unwrap(),
            Call::Notes => drop(store.notes(&NoteFilter::default(), MANY).await.unwrap()),
            Call::Set => store.set(&Switch::PauseQueue(named("other")), true).await.unwrap(),
            Call::Switches => drop(store.switches().await.unwrap()),
            Call::Woken => store.woken(&[named("quiet")]).await,
            Call::Enqueue => self.enqueue().await.unwrap(),
            Call::Complete => self.complete(job).await.unwrap(),
        }
        Vec::new()
    }

    /// Creates a job, and what it is about, in a transaction of the application's.
    async fn enqueue(&self) -> Result<(), BoxError> {
        let mut conn = self.pool.get().await?;
        let conn: &mut AsyncPgConnection = &mut conn;
        conn.transaction(async |conn| {
            let id = Errand::new("enqueued", []).create_on(conn).await?;
            Ok::<_, BoxError>(enter(conn, id).await?)
        })
        .await
    }

    /// Completes the job in a transaction of the application's.
    async fn complete(&self, job: &Job) -> Result<(), BoxError> {
        let mut conn = self.pool.get().await?;
        let (id, completion) =
            (job.id, Completion::new(job.clone(), factory::actor(1), "postgres", Then::Keep));
        let completed =
            complete_in(&mut conn, completion, async |conn| Ok::<_, BoxError>(enter(conn, id).await?))
                .await?;
        assert_eq!(completed.job(), id);
        Ok(())
    }
}

fn claim(type_name: &str, by: ActorId) -> Claim {
    let types = vec![named(type_name)];
    Claim { types, by, lease: LEASE, limit: NonZeroU32::MIN, ..factory::claim(Clock::Store) }
}

fn attempt(job: &Job, runner: ActorId) -> Note {
    let finished = job.state.date_started().unwrap();
    let body = AttemptNote {
        attempt: 1,
        outcome: "error".into(),
        error: None,
        runner,
        started: None,
        finished,
        report: None,
    };
    Note::attempt(job.id, &body)
}

fn line(job: &Job) -> Note {
    let body = LogNote { attempt: 1, level: LogLevel::Info, text: "a line".into() };
    Note::log(job.id, job.state.date_started().unwrap(), &body)
}

/// Their ids.
pub(super) fn ids(jobs: Vec<Job>) -> Vec<JobId> {
    jobs.into_iter().map(|it| it.id).collect()
}

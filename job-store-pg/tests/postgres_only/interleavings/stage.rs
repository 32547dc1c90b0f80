//! The jobs that it is all about, and how they stand before and after.

use super::{
    mine::Mine as By,
    model::{Answer, Outcome},
    operation::{Op, ids},
};
use crate::server::{self, TestSchema};
use diesel_async::SimpleAsyncConnection;
use job_core::{Job, JobId, JobSpec, JobStatus, Lease, NewJob, Revision, StateParts, Timestamp, Turn};
use job_store_pg::PgStore;
use job_testing::{Fixture, factory};
use std::{fmt::Debug, sync::Arc};
use tokio::task::{JoinHandle, yield_now};

/// The key that it is all about.
pub(super) const KEY: &str = "\"k\"";
/// The key of the second job.
const SECOND_KEY: &str = "\"k2\"";

/// Where the job is before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Begin {
    Waiting,
    Running,
    /// Failed.
    Over,
    /// Running, while a rival that waits holds its key.
    Rivalled,
    /// Cancelled, which the one who ran it does not know.
    Lost,
    /// Rivalled, beside a second one that runs, whose key is free.
    Both,
    /// Running with a turn that a rival waits for, beside a second one that has none.
    Turned,
}

impl Begin {
    /// What is done there, beside what else is being done.
    pub(super) const fn ops(self) -> &'static [Op] {
        use Op::*;
        match self {
            Self::Waiting => &[Cancel, Suspend, Reschedule, Delete, InsertSameKey, Claim, Mine(By::Acquire)],
            Self::Running => &[
                Complete,
                CompleteAndDelete,
                Retry,
                Lapse,
                Cancel,
                Suspend,
                Renew,
                Delete,
                Prune,
                InsertSameKey,
                Claim,
                Exchange,
                Mine(By::Acquire),
                Mine(By::Complete),
            ],
            Self::Over => &[Requeue, Delete, Prune, InsertSameKey, Claim, Mine(By::Acquire)],
            Self::Rivalled => &[
                Retry,
                Suspend,
                Lapse,
                Complete,
                Cancel,
                Renew,
                Delete,
                DeleteRival,
                InsertSameKey,
                Claim,
                Mine(By::Acquire),
            ],
            Self::Lost => &[Complete, Retry, Renew, Delete, InsertSameKey, Claim],
            Self::Both => &[
                Complete,
                Retry,
                Lapse,
                CancelSecond,
                Delete,
                DeleteRival,
                InsertSecondKey,
                Claim,
                Mine(By::CreateMany),
            ],
            Self::Turned => {
                &[Complete, Retry, Lapse, Cancel, Renew, Delete, DeleteRival, Claim, Exchange, CompleteSecond]
            }
        }
    }
}

/// The jobs as they were read before.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) job: Job,
    pub(super) second: Option<Job>,
}

/// A store of few jobs, which are always the same.
pub(super) struct Stage {
    pub(super) schema: TestSchema,
    pub(super) fixture: Fixture,
    pub(super) stores: [PgStore; 2],
    pub(super) job: NewJob,
    pub(super) rival: NewJob,
    pub(super) second: NewJob,
}

impl Stage {
    pub(super) async fn new() -> Arc<Self> {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let stores = [store.clone(), PgStore::connect(&schema.options()).await.unwrap()];
        let fixture = Fixture::from(store.opened());
        let (job, rival, second) = (fixture.keyed(KEY), fixture.keyed(KEY), fixture.keyed(SECOND_KEY));
        Arc::new(Self { schema, fixture, stores, job, rival, second })
    }

    /// Sets them up, with nothing else in the store.
    pub(super) async fn set(&self, begin: Begin) -> Scene {
        self.clear().await;
        let fixture = &self.fixture;
        let mut second = None;
        let job = match begin {
            Begin::Waiting => fixture.create(&self.job).await,
            Begin::Running => fixture.running(&self.job).await,
            Begin::Over => fixture.at(JobStatus::Failed, &self.job).await,
            Begin::Rivalled | Begin::Both => {
                let job = fixture.running(&self.job).await;
                if begin == Begin::Both {
                    second = Some(fixture.running(&self.second).await);
                }
                fixture.create(&self.rival).await;
                job
            }
            Begin::Lost => {
                let job = fixture.running(&self.job).await;
                let cancel = job.cancel("no".into(), fixture.now());
                fixture.moved(&factory::change(&job, cancel)).await;
                job
            }
            Begin::Turned => {
                second = Some(self.set_turns().await);
                server::connect().await.batch_execute(&self.take_turn()).await.unwrap();
                fixture.get(self.job.id).await
            }
        };
        Scene { job, second }
    }

    /// The same but that the job does not run yet. Gives the second.
    pub(super) async fn set_turns(&self) -> Job {
        self.clear().await;
        let second = self.fixture.running(&self.second).await;
        for job in [&self.job, &self.rival] {
            let turn = Some(Turn::new("one"));
            self.fixture.create(&NewJob { turn, unique: None, ..job.clone() }).await;
        }
        second
    }

    /// How somebody starts the job, past the store.
    pub(super) fn take_turn(&self) -> String {
        let (start, end) = (factory::noon(), factory::noon() + factory::LEASE);
        format!(
            "UPDATE {}.job SET status = 1, lease_holder = '00000000-0000-0000-0000-000000000007', \
                 lease_expires = '{end}', date_started = '{start}', running_key = turn, attempt_count = 1, \
                 revision = revision + 1 WHERE id = '{}'",
            self.schema.name, self.job.id
        )
    }

    async fn clear(&self) {
        let clear = format!("DELETE FROM {}.job", self.schema.name);
        server::connect().await.batch_execute(&clear).await.unwrap();
    }

    /// What is left, and the answers, without what differs from run to run.
    pub(super) async fn outcome(&self, answers: [Option<Answer>; 2]) -> Outcome {
        let mut jobs = self.fixture.all().await;
        let known: Vec<JobId> = ids().chain([self.job.id, self.rival.id, self.second.id]).collect();
        // New ones come last, in the order of their keys.
        jobs.sort_by_key(|it| {
            (!known.contains(&it.id), it.spec.unique.as_ref().map(|it| it.key.clone()), it.id)
        });
        let new: Vec<String> =
            jobs.iter().filter(|it| !known.contains(&it.id)).map(|it| format!("{:?}", it.id)).collect();
        let renamed = |words: String| {
            new.iter().enumerate().fold(words, |it, (n, id)| it.replace(id, &format!("new {n}")))
        };
        let rows: Vec<_> = jobs.iter().map(|it| renamed(format!("{:?}", plain(it)))).collect();
        (answers.map(|it| it.map(|it| it.map(renamed))), format!("{rows:#?}"))
    }

    /// Begins it, as the first or the second of two.
    pub(super) fn begin(self: &Arc<Self>, op: Op, scene: &Scene, n: usize) -> JoinHandle<Answer> {
        let (stage, scene) = (self.clone(), scene.clone());
        tokio::spawn(async move { stage.perform(&stage.stores[n], op, &scene, n).await })
    }

    /// Begins it, as the second of two, and waits until it is done or waits for a lock.
    pub(super) async fn beside(self: &Arc<Self>, op: Op, scene: &Scene) -> JoinHandle<Answer> {
        let task = self.begin(op, scene, 1);
        while !task.is_finished() && self.schema.waiting().await == 0 {
            yield_now().await;
        }
        task
    }
}

/// A job, without the times that are the server's, from which revisions count: only those of the tests are whole seconds.
pub(super) fn plain(job: &Job) -> impl Debug + use<> {
    let whole = |it: Timestamp| if it.as_micros() % 1_000_000 == 0 { it } else { Timestamp::MIN };
    let spec = JobSpec { date_created: whole(job.spec.date_created), ..job.spec.clone() };
    let parts = job.state.parts();
    let state = StateParts {
        revision: Revision::from_number(job.change_count()),
        scheduled_start: whole(parts.scheduled_start),
        date_started: parts.date_started.map(whole),
        date_finished: parts.date_finished.map(whole),
        lease: parts.lease.map(|it| Lease { expires: whole(it.expires), ..it }),
        ..parts
    };
    (job.id, spec, state)
}

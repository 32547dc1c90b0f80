//! The operations, and what comes of them one after the other.

use crate::server::{self, TestSchema};
use diesel_async::SimpleAsyncConnection;
use job_core::{
    Change, Clock, Job, NewJob, Reply, Start,
    store::{Claim, Deletion, Held, Inserted, JobStore, Renewed},
};
use job_store_pg::PgStore;
use job_testing::{Fixture, factory};
use std::{fmt::Debug, time::Duration};

/// The key that it is all about.
pub(super) const KEY: &str = "\"k\"";

/// What is done to the job, or beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Op {
    Complete,
    CompleteAndDelete,
    Retry,
    Lapse,
    Cancel,
    Suspend,
    Reschedule,
    Renew,
    Delete,
    DeleteRival,
    InsertSameKey,
    Claim,
}

/// Where the job is before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Begin {
    Waiting,
    Running,
    /// Running, while a rival that waits holds its key.
    Rivalled,
    /// Cancelled, which the one who ran it does not know.
    Lost,
}

impl Begin {
    pub(super) fn ops(self) -> &'static [Op] {
        use Op::*;
        match self {
            Self::Waiting => &[Cancel, Suspend, Reschedule, Delete, InsertSameKey, Claim],
            Self::Rivalled => {
                &[Retry, Suspend, Complete, Cancel, Renew, Delete, DeleteRival, InsertSameKey, Claim]
            }
            Self::Lost => &[Complete, Retry, Renew, Delete, InsertSameKey, Claim],
            Self::Running => &[
                Complete,
                CompleteAndDelete,
                Retry,
                Lapse,
                Cancel,
                Suspend,
                Renew,
                Delete,
                InsertSameKey,
                Claim,
            ],
        }
    }
}

/// An answer in words, and whether it says that nothing was done because somebody held the row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) words: String,
    pub(super) passed_by: bool,
}

impl Answer {
    pub(super) fn new(answer: &impl Debug, passed_by: bool) -> Self {
        Self { words: format!("{answer:?}"), passed_by }
    }
}

/// The answers of the first and the second operation, if they were done, and the rows that are left.
pub(super) type Outcome = (Option<Answer>, Option<Answer>, String);

pub(super) struct Stage {
    pub(super) schema: TestSchema,
    pub(super) fixture: Fixture,
    pub(super) stores: [PgStore; 2],
    pub(super) job: NewJob,
    pub(super) rival: NewJob,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let stores = [store.clone(), PgStore::connect(&schema.options()).await.unwrap()];
        let fixture = Fixture::from(store.opened());
        let (job, rival) = (fixture.keyed(KEY), fixture.keyed(KEY));
        Self { schema, fixture, stores, job, rival }
    }

    /// The one job of an empty store, always the same.
    pub(super) async fn set(&self, begin: Begin) -> Job {
        let clear = format!("DELETE FROM {}.job", self.schema.name);
        server::connect().await.batch_execute(&clear).await.unwrap();
        match begin {
            Begin::Waiting => self.fixture.create(&self.job).await,
            Begin::Running => self.fixture.running(&self.job).await,
            Begin::Rivalled => {
                let job = self.fixture.running(&self.job).await;
                self.fixture.create(&self.rival).await;
                job
            }
            Begin::Lost => {
                let job = self.fixture.running(&self.job).await;
                let cancel = job.cancel("no".into(), self.fixture.now());
                self.fixture.moved(&factory::change(&job, cancel)).await;
                job
            }
        }
    }

    pub(super) async fn rows(&self) -> String {
        format!("{:#?}", self.fixture.all().await)
    }

    /// What is left when these were done one after the other.
    pub(super) async fn in_turn(&self, begin: Begin, ops: [Option<Op>; 2], first: usize) -> Outcome {
        let job = self.set(begin).await;
        let mut answers = [None, None];
        for n in [first, 1 - first] {
            if let Some(op) = ops[n] {
                answers[n] = Some(perform(&self.stores[n], op, &job, &self.rival, n).await);
            }
        }
        let [one, two] = answers;
        (one, two, self.rows().await)
    }
}

/// Does it, by an actor of its own where it is not the runner's.
pub(super) async fn perform(store: &PgStore, op: Op, job: &Job, rival: &NewJob, n: usize) -> Answer {
    let clock = Clock::At(factory::noon() + Duration::from_secs(1));
    let now = factory::noon() + Duration::from_secs(1);
    let late = now + factory::LEASE;
    let operator = factory::actor(20 + n as u128);
    let apply = async |change: Change| {
        let replies = store.apply(&[change]).await.unwrap();
        Answer::new(&replies, replies == [Reply::Busy])
    };
    match op {
        Op::Complete => apply(factory::change(job, job.complete(now))).await,
        Op::CompleteAndDelete => apply(factory::change(job, job.complete(now)).deleting_completed()).await,
        Op::Retry => {
            apply(factory::change(job, job.retry("it broke".into(), now, None)).or_supersede(job, now)).await
        }
        Op::Lapse => {
            let change = Change::new(job, job.lapse(late, 5, late).unwrap(), operator);
            apply(change.if_lapsed(late).or_supersede(job, late)).await
        }
        Op::Cancel => apply(Change::new(job, job.cancel("no".into(), now).unwrap(), operator)).await,
        Op::Suspend => {
            apply(Change::new(job, job.suspend("wait".into()).unwrap(), operator).or_supersede(job, now))
                .await
        }
        Op::Reschedule => apply(Change::new(job, job.reschedule(late).unwrap(), operator)).await,
        Op::Renew => {
            let held = Held { id: job.id, revision: job.state.revision(), progress: None };
            let renewed = store.renew(&[held], factory::LEASE, clock).await.unwrap();
            Answer::new(&renewed, renewed == [Renewed::Busy])
        }
        Op::Delete => {
            let deleted = store.delete(&Deletion::Ids(vec![job.id])).await.unwrap();
            Answer::new(&deleted, false)
        }
        Op::DeleteRival => {
            let deleted = store.delete(&Deletion::Ids(vec![rival.id])).await.unwrap();
            Answer::new(&deleted, false)
        }
        Op::InsertSameKey => {
            // Each its own job.
            let id = job_core::JobId::v7(n as u64 + 1, [9; 10]);
            let new = NewJob { id, start: Start::At(now), ..rival.clone() };
            let inserted: Vec<Inserted> = store.insert(&[new], clock).await.unwrap();
            Answer::new(&inserted, false)
        }
        Op::Claim => {
            let claim = Claim { by: operator, ..factory::claim(clock) };
            let claimed = store.claim(&claim).await.unwrap();
            Answer::new(&claimed, claimed.is_empty())
        }
    }
}

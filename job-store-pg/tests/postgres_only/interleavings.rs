//! Pairs of operations on the same rows, both held up by a third session and let go together: what comes of it is what
//! comes of the two one after the other, in one of the two orders.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use job_core::{
    Change, Clock, Job, NewJob, Reply, Start,
    store::{Claim, Deletion, Held, Inserted, JobStore, Renewed},
};
use job_store_pg::PgStore;
use job_testing::{Fixture, factory};
use std::{collections::BTreeSet, fmt::Debug, time::Duration};
use tokio::task::{JoinHandle, yield_now};

/// What is done to the job, or beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Op {
    Complete,
    CompleteAndDelete,
    Retry,
    Lapse,
    Cancel,
    Suspend,
    Reschedule,
    Renew,
    Delete,
    InsertSameKey,
    Claim,
}

/// Where the job is before.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Begin {
    Waiting,
    Running,
}

impl Begin {
    fn ops(self) -> &'static [Op] {
        use Op::*;
        match self {
            Self::Waiting => &[Cancel, Suspend, Reschedule, Delete, InsertSameKey, Claim],
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

/// What the third session holds.
#[derive(Clone, Copy, Debug)]
enum Block {
    Row,
    Key,
}

/// An answer in words, and whether it says that nothing was done because somebody held the row.
#[derive(Clone, Debug, PartialEq)]
struct Answer {
    words: String,
    passed_by: bool,
}

impl Answer {
    fn new(answer: &impl Debug, passed_by: bool) -> Self {
        Self { words: format!("{answer:?}"), passed_by }
    }
}

/// The answers of the first and the second operation, if they were done, and the rows that are left.
type Outcome = (Option<Answer>, Option<Answer>, String);

struct Stage {
    schema: TestSchema,
    fixture: Fixture,
    stores: [PgStore; 2],
    job: NewJob,
    rival: NewJob,
}

impl Stage {
    async fn new() -> Self {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let stores = [store.clone(), PgStore::connect(&schema.options()).await.unwrap()];
        let fixture = Fixture::from(store.opened());
        let (job, rival) = (fixture.keyed("k"), fixture.keyed("k"));
        Self { schema, fixture, stores, job, rival }
    }

    /// The one job of an empty store, always the same.
    async fn set(&self, begin: Begin) -> Job {
        let clear = format!("DELETE FROM {}.job", self.schema.name);
        server::connect().await.batch_execute(&clear).await.unwrap();
        match begin {
            Begin::Waiting => self.fixture.create(&self.job).await,
            Begin::Running => self.fixture.running(&self.job).await,
        }
    }

    async fn rows(&self) -> String {
        format!("{:#?}", self.fixture.all().await)
    }

    /// What is left when these were done one after the other.
    async fn in_turn(&self, begin: Begin, ops: [Option<Op>; 2], first: usize) -> Outcome {
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

    /// What is left when both met a third session.
    async fn together(&self, begin: Begin, block: Block, ops: [Op; 2], first: usize) -> Outcome {
        let job = self.set(begin).await;
        let mut third = self.block(block).await;
        let mut tasks: [Option<JoinHandle<Answer>>; 2] = [None, None];
        for (waiting, n) in [(1, first), (2, 1 - first)] {
            let (store, job, rival, op) = (self.stores[n].clone(), job.clone(), self.rival.clone(), ops[n]);
            let task = tokio::spawn(async move { perform(&store, op, &job, &rival, n).await });
            let done = |it: &Option<JoinHandle<Answer>>| it.as_ref().is_some_and(JoinHandle::is_finished);
            tasks[n] = Some(task);
            while self.schema.waiting().await + tasks.iter().filter(|it| done(it)).count() < waiting {
                yield_now().await;
            }
        }
        third.batch_execute("ROLLBACK").await.unwrap();
        let [one, two] = tasks.map(|it| it.unwrap());
        (Some(one.await.unwrap()), Some(two.await.unwrap()), self.rows().await)
    }

    async fn block(&self, block: Block) -> AsyncPgConnection {
        let mut conn = server::connect().await;
        let (schema, id) = (&self.schema.name, self.job.id);
        let take = match block {
            Block::Row => format!("SELECT FROM {schema}.job WHERE id = '{id}' FOR UPDATE"),
            // Of a job that holds the key already nobody else can take it; its row is as good.
            Block::Key => format!(
                "INSERT INTO {schema}.job (id, type, args, priority, unique_key, unique_scope, max_retries, date_created, \
                     status, queue, attempt_count, crash_count, scheduled_start, held_key, revision) \
                 VALUES (gen_random_uuid(), 'test', '1', 0, 'k', 0, 0, now(), 4, 'default', 0, 0, now(), 'k', 0) \
                 ON CONFLICT DO NOTHING"
            ),
        };
        conn.batch_execute(&format!("BEGIN; {take}")).await.unwrap();
        conn
    }
}

/// Does it, by an actor of its own where it is not the runner's.
async fn perform(store: &PgStore, op: Op, job: &Job, rival: &NewJob, n: usize) -> Answer {
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

/// What may come of it where one passed a held row by: the other alone.
async fn passed_by(stage: &Stage, begin: Begin, [one, two]: [Op; 2], came: &Outcome) -> Vec<Outcome> {
    let mut possible = Vec::new();
    let passed = |it: &Option<Answer>| it.as_ref().filter(|it| it.passed_by).cloned();
    if let Some(answer) = passed(&came.0) {
        let (_, other, rows) = stage.in_turn(begin, [None, Some(two)], 1).await;
        possible.push((Some(answer), other, rows));
    }
    if let Some(answer) = passed(&came.1) {
        let (other, _, rows) = stage.in_turn(begin, [Some(one), None], 0).await;
        possible.push((other, Some(answer), rows));
    }
    if let (Some(a), Some(b)) = (passed(&came.0), passed(&came.1)) {
        stage.set(begin).await;
        possible.push((Some(a), Some(b), stage.rows().await));
    }
    possible
}

async fn every_pair(begin: Begin, block: Block) {
    let stage = Stage::new().await;
    let mut met = BTreeSet::new();
    for one in begin.ops() {
        for two in begin.ops() {
            let in_turn = |first| stage.in_turn(begin, [Some(*one), Some(*two)], first);
            let in_turn = [in_turn(0).await, in_turn(1).await];
            for first in [0, 1] {
                let came = stage.together(begin, block, [*one, *two], first).await;
                let name = format!("{one:?} and {two:?} from {begin:?}, behind a {block:?}, {first} first");
                met.insert(name.clone());
                if !in_turn.contains(&came) {
                    let alone = passed_by(&stage, begin, [*one, *two], &came).await;
                    assert!(alone.contains(&came), "{name}: {came:#?}\nis none of {in_turn:#?}, {alone:#?}");
                }
            }
        }
    }
    assert_eq!(met.len(), 2 * begin.ops().len().pow(2));
}

#[test]
fn pairs_on_a_waiting_job_behind_a_held_row() {
    run(every_pair(Begin::Waiting, Block::Row));
}

#[test]
fn pairs_on_a_running_job_behind_a_held_row() {
    run(every_pair(Begin::Running, Block::Row));
}

#[test]
fn pairs_on_a_running_job_behind_a_held_key() {
    run(every_pair(Begin::Running, Block::Key));
}

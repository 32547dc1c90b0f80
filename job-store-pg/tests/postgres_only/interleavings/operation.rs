//! The operations, each by an actor of its own where it is not the runner's.

use super::{
    mine::Mine,
    model::Answer,
    stage::{Scene, Stage},
};
use job_core::{
    Change, Clock, Job, JobId, Json, NewJob, Reply, Start,
    store::{Claim, Claimed, Deletion, Held, JobStore, Renewed},
};
use job_store_pg::PgStore;
use job_testing::factory;
use std::time::Duration;

/// What is done to the job, or beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Op {
    Complete,
    CompleteAndDelete,
    CompleteSecond,
    Retry,
    RetrySecond,
    /// Both in one batch.
    RetryBoth,
    Lapse,
    Cancel,
    CancelSecond,
    Suspend,
    Reschedule,
    Requeue,
    Renew,
    Delete,
    DeleteRival,
    Prune,
    InsertSameKey,
    InsertSecondKey,
    /// Both, and between them one that no table takes.
    InsertMany,
    Claim,
    /// Completes and claims.
    Exchange,
    /// Gives the key back and claims, which no one statement does.
    ExchangeRetry,
    /// Completes two, of which one goes, and claims.
    ExchangeBoth,
    /// Completes the second and claims.
    ExchangeSecond,
    Mine(Mine),
}

impl Op {
    /// What it does one after the other.
    pub(super) const fn parts(self) -> &'static [Self] {
        match self {
            Self::RetryBoth => &[Self::Retry, Self::RetrySecond],
            Self::InsertMany => &[Self::InsertSameKey, Self::InsertSecondKey],
            Self::Exchange => &[Self::Complete, Self::Claim],
            Self::ExchangeRetry => &[Self::Retry, Self::Claim],
            Self::ExchangeBoth => &[Self::CompleteAndDelete, Self::CompleteSecond, Self::Claim],
            Self::ExchangeSecond => &[Self::CompleteSecond, Self::Claim],
            _ => &[],
        }
    }

    /// What it changes.
    fn change(self, scene: &Scene, n: usize) -> Option<Change> {
        let now = now();
        let late = now + factory::LEASE;
        let (job, operator) = (&scene.job, operator(n));
        let second = || scene.second.as_ref().unwrap();
        let completed = |it: &Job| factory::change(it, it.complete(now));
        let retried =
            |it: &Job| factory::change(it, it.retry("it broke".into(), now, None)).or_supersede(it, now);
        Some(match self {
            Self::Complete => completed(job),
            Self::CompleteAndDelete => completed(job).deleting_completed(),
            Self::CompleteSecond => completed(second()),
            Self::Retry => retried(job),
            Self::RetrySecond => retried(second()),
            Self::Lapse => {
                let change = Change::new(job, job.lapse(late, 5, late).unwrap(), operator);
                change.if_lapsed(late).or_supersede(job, late)
            }
            Self::Cancel => Change::new(job, job.cancel("no".into(), now).unwrap(), operator),
            Self::CancelSecond => Change::new(second(), second().cancel("no".into(), now).unwrap(), operator),
            Self::Suspend => {
                Change::new(job, job.suspend("wait".into()).unwrap(), operator).or_supersede(job, now)
            }
            Self::Reschedule => Change::new(job, job.reschedule(late).unwrap(), operator),
            Self::Requeue => Change::new(job, job.requeue(false, now).unwrap(), operator),
            _ => return None,
        })
    }
}

impl Stage {
    /// Does it, as the first or the second of two.
    pub(super) async fn perform(&self, store: &PgStore, op: Op, scene: &Scene, n: usize) -> Answer {
        let clock = Clock::At(now());
        let claim = Claim { by: operator(n), ..factory::claim(clock) };
        let changes: Vec<Change> =
            op.parts().iter().chain([&op]).filter_map(|it| it.change(scene, n)).collect();
        match op {
            Op::Exchange | Op::ExchangeRetry | Op::ExchangeBoth | Op::ExchangeSecond => {
                let (replies, claimed) = store.exchange(&changes, &claim).await.unwrap();
                replied(&replies).and(started(&claimed))
            }
            Op::Claim => started(&store.claim(&claim).await.unwrap()),
            Op::Renew => {
                let job = &scene.job;
                let held = Held { id: job.id, revision: job.state.revision(), progress: None };
                let renewed = store.renew(&[held], factory::LEASE, clock).await.unwrap();
                Answer::new(&renewed, renewed == [Renewed::Busy])
            }
            Op::Delete => deleted(store, Deletion::Ids(vec![scene.job.id])).await,
            Op::DeleteRival => deleted(store, Deletion::Ids(vec![self.rival.id])).await,
            Op::Prune => {
                let before = now() + Duration::from_secs(100 * 365 * 86_400);
                let statuses = job_core::JobStatus::ALL.iter().copied().filter(|it| it.is_final()).collect();
                let limit = factory::limit(10);
                deleted(store, Deletion::Final { before, statuses, types: None, limit, keep_newest: None })
                    .await
            }
            Op::InsertSameKey => inserted(store, &[self.same_key(n)]).await,
            Op::InsertSecondKey => inserted(store, &[self.second_key(n)]).await,
            Op::InsertMany => {
                let broken = NewJob { id: id(n + 20), args: Json::stored("broken"), ..factory::job(id(0)) };
                let jobs = [self.same_key(n), broken, self.second_key(n)];
                let refused = store.insert(&jobs, clock).await;
                assert!(refused.is_err_and(|it| !it.is_transient()), "one of them cannot be stored");
                Answer::untold(2)
            }
            Op::Mine(mine) => self.mine_alone(mine, scene).await,
            _ => replied(&store.apply(&changes).await.unwrap()),
        }
    }

    // Each its own job.
    fn same_key(&self, n: usize) -> NewJob {
        NewJob { id: id(n), start: Start::At(now()), ..self.rival.clone() }
    }

    fn second_key(&self, n: usize) -> NewJob {
        NewJob { id: id(n + 10), start: Start::At(now()), ..self.second.clone() }
    }
}

/// The ids of jobs that an operation may make.
pub(super) fn ids() -> impl Iterator<Item = JobId> {
    (0..30).map(id)
}

fn id(n: usize) -> JobId {
    JobId::v7(n as u64 + 1, [9; 10])
}

fn now() -> job_core::Timestamp {
    factory::noon() + Duration::from_secs(1)
}

fn operator(n: usize) -> job_core::ActorId {
    factory::actor(20 + n as u128)
}

fn replied(replies: &[Reply]) -> Answer {
    replies.iter().map(|it| Answer::new(it, *it == Reply::Busy)).reduce(Answer::and).unwrap()
}

fn started(claimed: &Claimed) -> Answer {
    assert!(claimed.unreadable.is_empty());
    let jobs: Vec<_> = claimed.jobs.iter().map(super::stage::plain).collect();
    Answer::new(&jobs, jobs.is_empty())
}

async fn deleted(store: &PgStore, what: Deletion) -> Answer {
    let deleted = store.delete(&what).await.unwrap();
    // Pruning leaves what is locked.
    Answer::new(deleted, matches!(what, Deletion::Final { .. }) && deleted == 0)
}

async fn inserted(store: &PgStore, jobs: &[NewJob]) -> Answer {
    Answer::new(store.insert(jobs, Clock::At(now())).await.unwrap(), false)
}

//! Deletion of old final jobs.

use crate::{Fixture, contract::ids, factory};
use job_core::{
    Job, JobId, JobStatus, NewJob, Target, Timestamp,
    store::{Claim, Deletion},
};
use std::{num::NonZeroU32, time::Duration};

const FINAL: [JobStatus; 3] = [JobStatus::Completed, JobStatus::Failed, JobStatus::Cancelled];

struct Old {
    before: Timestamp,
    statuses: Vec<JobStatus>,
    types: Option<Vec<&'static str>>,
    limit: u32,
    keep_newest: u32,
}

impl Old {
    fn before(before: Timestamp) -> Self {
        Self { before, statuses: FINAL.to_vec(), types: None, limit: 1000, keep_newest: 0 }
    }

    /// Deletes, and gives what is left.
    async fn delete(&self, store: &Fixture) -> Vec<JobId> {
        let before = store.all().await.len();
        let types = self.types.as_ref().map(|it| it.iter().map(|name| factory::named(name)).collect());
        let deleted = store
            .delete(&Deletion::Final {
                before: self.before,
                statuses: self.statuses.clone(),
                types,
                limit: factory::limit(self.limit),
                keep_newest: NonZeroU32::new(self.keep_newest),
            })
            .await;
        let left = ids(&store.all().await);
        assert_eq!(before - left.len(), usize::try_from(deleted).expect("a few"), "as many as it says");
        left
    }
}

/// A job of each status, in a type named by it.
async fn one_of_each(store: &Fixture) -> Vec<Job> {
    let mut jobs = Vec::new();
    for status in JobStatus::ALL {
        let new = NewJob { type_name: factory::named(status.word()), ..store.job() };
        jobs.push(store.at(status, &new).await);
    }
    jobs
}

/// Completed jobs about `targets`, in this order.
async fn completed(store: &Fixture, type_name: &str, targets: &[Option<&str>]) -> Vec<JobId> {
    let new = |target: &Option<&str>| NewJob {
        type_name: factory::named(type_name),
        target: target.map(|it| Target::new(it).expect("it is a label")),
        ..store.job()
    };
    let jobs: Vec<_> = targets.iter().map(new).collect();
    store.insert(&jobs).await;
    let started = store.start(&Claim { types: vec![factory::named(type_name)], ..store.claim() }).await;
    assert_eq!(started.len(), jobs.len());
    let done: Vec<_> = started.iter().map(|it| factory::change(it, it.complete(store.now()))).collect();
    store.apply(&done).await;
    jobs.iter().map(|it| it.id).collect()
}

/// A job goes when it ended before the given point, and stays when it ended then or later.
pub async fn a_job_goes_when_it_ended_before(store: Fixture) {
    let first = store.at(JobStatus::Completed, &store.job()).await;
    let second_ended = store.advance(Duration::from_micros(1));
    let second = store.at(JobStatus::Failed, &store.job()).await;
    let third_ended = store.advance(Duration::from_secs(1));
    let third = store.at(JobStatus::Cancelled, &store.job()).await;
    assert_eq!(Old::before(first.state.date_finished().expect("it ended")).delete(&store).await.len(), 3);
    assert_eq!(Old::before(second_ended).delete(&store).await, [second.id, third.id]);
    assert_eq!(Old::before(third_ended).delete(&store).await, [third.id]);
    assert_eq!(Old::before(Timestamp::MAX).delete(&store).await, []);
}

/// Only jobs of the named statuses go, and a status that is not final selects nothing: a pending job is never
/// old.
pub async fn a_pending_job_is_never_old(store: Fixture) {
    let jobs = one_of_each(&store).await;
    let pending = JobStatus::ALL.into_iter().filter(|it| it.is_pending()).collect();
    assert_eq!(Old { statuses: pending, ..Old::before(Timestamp::MAX) }.delete(&store).await, ids(&jobs));
    assert_eq!(Old { statuses: vec![], ..Old::before(Timestamp::MAX) }.delete(&store).await, ids(&jobs));
    let mut left = jobs.clone();
    for status in FINAL {
        left.retain(|it| it.state.status() != status);
        let statuses = vec![JobStatus::Waiting, status];
        assert_eq!(Old { statuses, ..Old::before(Timestamp::MAX) }.delete(&store).await, ids(&left));
    }
    assert_eq!(Old::before(Timestamp::MAX).delete(&store).await, ids(&left));
}

/// A job that was requeued is not old, however long ago it ended first.
pub async fn a_requeued_job_is_not_old(store: Fixture) {
    let failed = store.at(JobStatus::Failed, &store.job()).await;
    store.moved(&factory::change(&failed, failed.requeue(true, store.now()))).await;
    assert_eq!(Old::before(Timestamp::MAX).delete(&store).await, [failed.id]);
}

/// Only jobs of the named types go; of all types if none is given, and nothing if the list is empty.
pub async fn only_the_named_types_go(store: Fixture) {
    let a = completed(&store, "a", &[None; 2]).await;
    let b = completed(&store, "b", &[None; 2]).await;
    let c = completed(&store, "c", &[None; 2]).await;
    let all = [a, b.clone(), c].concat();
    let of = |types| Old { types: Some(types), ..Old::before(Timestamp::MAX) };
    assert_eq!(of(vec![]).delete(&store).await, all);
    assert_eq!(of(vec!["A", "d"]).delete(&store).await, all);
    assert_eq!(of(vec!["a", "c", "a"]).delete(&store).await, b);
}

/// No more go than the limit, and the oldest ids first.
pub async fn the_oldest_go_first(store: Fixture) {
    let jobs = completed(&store, "test", &[None; 10]).await;
    for (limit, gone) in [(3, 3), (1, 4), (4, 8), (5, 10)] {
        let left = Old { limit, ..Old::before(Timestamp::MAX) }.delete(&store).await;
        assert_eq!(left, jobs[gone..]);
    }
}

/// Of each type and target the newest stay, whatever their age; jobs about nothing are not held back.
pub async fn the_newest_of_each_target_stay(store: Fixture) {
    let (x, y) = (Some("x"), Some("X"));
    let a = completed(&store, "a", &[x, y, x, None, x, None, y, x]).await;
    let b = completed(&store, "b", &[x, None, x]).await;
    let old = |keep_newest| Old { keep_newest, ..Old::before(Timestamp::MAX) };
    assert_eq!(old(2).delete(&store).await, [a[1], a[4], a[6], a[7], b[0], b[2]]);
    assert_eq!(old(1).delete(&store).await, [a[6], a[7], b[2]]);
    assert_eq!(old(0).delete(&store).await, []);
}

/// What stays as the newest is counted among all final jobs, not only among those that the deletion asks for:
/// a newer failed job makes an older completed one dispensable.
pub async fn the_newest_are_counted_among_all_final_jobs(store: Fixture) {
    let target = Target::new("x").ok();
    let new = || NewJob { target: target.clone(), ..store.job() };
    let old = store.at(JobStatus::Completed, &new()).await;
    let failed = store.at(JobStatus::Failed, &new()).await;
    let waiting = store.create(&new()).await;
    let keep_one = |statuses| Old { statuses, keep_newest: 1, ..Old::before(Timestamp::MAX) };
    assert_eq!(keep_one(vec![JobStatus::Failed]).delete(&store).await, [old.id, failed.id, waiting.id]);
    assert_eq!(keep_one(vec![JobStatus::Completed]).delete(&store).await, [failed.id, waiting.id]);
    assert_eq!(keep_one(FINAL.to_vec()).delete(&store).await, [failed.id, waiting.id]);
}

/// Those that stay as the newest do not use up the limit.
pub async fn what_stays_does_not_count(store: Fixture) {
    let (x, y) = (Some("x"), Some("y"));
    let jobs = completed(&store, "test", &[x, y, y, x, y]).await;
    let old = Old { limit: 2, keep_newest: 1, ..Old::before(Timestamp::MAX) };
    assert_eq!(old.delete(&store).await, jobs[2..]);
    assert_eq!(old.delete(&store).await, jobs[3..]);
}

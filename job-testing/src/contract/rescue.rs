//! Rescue: which jobs run past their lease, and that one actor at most takes them from their runner.

use crate::{Fixture, contract::ids, factory, race};
use job_core::{
    Change, Clock, Job, JobId, JobStatus, NewJob, Reply, Timestamp,
    store::{Claim, Held, Renewed},
};
use std::time::Duration;

fn rescue(job: &Job, now: Timestamp) -> Change {
    let next = job.lapse(now, 5, now).expect("the lease ended");
    Change::new(job, next, factory::actor(7)).if_lapsed(now)
}

/// A job runs past its lease from the moment at which it ends, to the microsecond.
pub async fn a_job_lapses_when_its_lease_ends(store: Fixture) {
    let job = store.running(&store.job()).await;
    store.advance(factory::LEASE - Duration::from_micros(1));
    assert_eq!(store.lapsed().await, []);
    store.advance(Duration::from_micros(1));
    assert_eq!(store.lapsed().await, [job]);
}

/// Only running jobs lapse, of whatever type and queue.
pub async fn only_running_jobs_lapse(store: Fixture) {
    let mut running = None;
    for status in JobStatus::ALL {
        let new = NewJob {
            type_name: factory::named(status.word()),
            queue: factory::named(status.word()),
            ..store.job()
        };
        let job = store.at(status, &new).await;
        if status == JobStatus::Running {
            running = Some(job.id);
        }
    }
    store.advance(factory::LEASE * 2);
    assert_eq!(store.lapsed().await.iter().map(|it| it.id).collect::<Vec<_>>(), Vec::from_iter(running));
}

/// Lapsed jobs are given by id, page by page, each once.
pub async fn lapsed_jobs_are_given_by_id(store: Fixture) {
    let new = |n: i16| NewJob { priority: n, ..store.job() };
    let jobs: Vec<_> = (0..25).map(new).collect();
    store.insert(&jobs).await;
    let half = Claim { limit: factory::limit(12), lease: Duration::from_secs(1), ..store.claim() };
    store.start(&half).await;
    store.start(&store.claim()).await;
    store.advance(factory::LEASE);
    let (mut seen, mut after): (Vec<JobId>, _) = (Vec::new(), None);
    loop {
        let page =
            store.store.lapsed(after, factory::limit(4), store.clock()).await.expect("the store answers");
        assert!(page.len() <= 4);
        after = page.last().map(|it| it.id);
        seen.extend(ids(&page));
        assert!(seen.len() <= jobs.len(), "each comes once");
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, jobs.iter().map(|it| it.id).collect::<Vec<_>>());
}

/// Without a given time, the store's own clock says which leases have ended.
pub async fn the_clock_of_the_store_ends_leases(store: Fixture) {
    store.store.insert(&store.jobs(2), Clock::Store).await.expect("the store inserts");
    let claim = |lease| Claim { clock: Clock::Store, limit: factory::limit(1), lease, ..store.claim() };
    let ended = store.start(&claim(Duration::ZERO)).await;
    let runs = store.start(&claim(Duration::from_secs(3600))).await;
    assert_eq!((ended.len(), runs.len()), (1, 1));
    let lapsed = store.store.lapsed(None, factory::limit(10), Clock::Store).await;
    assert_eq!(lapsed.expect("the store answers"), ended);
}

/// A rescued job waits, has crashed once more, and is started again.
pub async fn a_rescued_job_is_started_again(store: Fixture) {
    let job = store.running(&store.job()).await;
    let now = store.advance(factory::LEASE);
    let rescued = store.moved(&rescue(&job, now)).await;
    assert_eq!((rescued.state.status(), rescued.state.crash_count()), (JobStatus::Waiting, 1));
    assert!(rescued.state.last_error().is_some());
    assert_eq!(store.lapsed().await, []);
    assert_eq!(store.start(&store.claim()).await.remove(0).state.attempt_count(), 2);
}

/// A renewal holds a rescue off, though it changes no revision: the rescuer's guard is the end of the lease.
pub async fn a_renewal_holds_a_rescue_off(store: Fixture) {
    let job = store.running(&store.job()).await;
    let now = store.advance(factory::LEASE);
    let late = rescue(&job, now);
    store.renew(&[Held { id: job.id, revision: job.state.revision(), progress: None }]).await;
    let renewed = store.get(job.id).await;
    assert_eq!(store.change(&late).await, Reply::Stale);
    assert_eq!(store.get(job.id).await, renewed);
    assert_eq!(store.change(&factory::change(&job, job.complete(now))).await, Reply::Applied);
}

/// A guard on the end of a lease refuses a job that runs no longer, or does not yet run past it.
pub async fn a_rescue_needs_an_ended_lease(store: Fixture) {
    let job = store.running(&store.job()).await;
    let ended = store.now() + factory::LEASE;
    let early = Change { lapsed_by: Some(ended.before(Duration::from_micros(1))), ..rescue(&job, ended) };
    assert_eq!(store.change(&early).await, Reply::Stale);
    let waiting = store.create(&store.job()).await;
    let never =
        factory::change(&waiting, waiting.cancel("not needed".into(), ended)).if_lapsed(Timestamp::MAX);
    assert_eq!(store.change(&never).await, Reply::Stale);
    assert_eq!(store.all().await, [job, waiting]);
}

/// A runner that is late completes its job all the same, if nobody took it.
pub async fn a_late_completion_counts_while_nobody_took_the_job(store: Fixture) {
    let job = store.running(&store.job()).await;
    let now = store.advance(factory::LEASE * 10);
    store.moved(&factory::change(&job, job.complete(now))).await;
    assert_eq!(store.change(&rescue(&job, now)).await, Reply::Stale);
}

/// Of many rescuers at the same moment exactly one takes the job.
pub async fn racing_rescuers_take_a_job_once(store: Fixture) {
    store.running(&store.job()).await;
    store.advance(factory::LEASE);
    let handles = store.handles(4).await;
    let replies = race(16, |n| {
        let store = handles[n % handles.len()].clone();
        async move {
            let Some(job) = store.lapsed().await.pop() else { return Reply::Stale };
            let next = job.lapse(store.now(), 5, store.now()).expect("the lease ended");
            let change = Change::new(&job, next, factory::actor(100 + n as u128));
            store.change(&change.if_lapsed(store.now())).await
        }
    })
    .await;
    assert_eq!(replies.iter().filter(|it| **it == Reply::Applied).count(), 1, "{replies:?}");
    assert_eq!(store.all().await[0].state.crash_count(), 1);
}

/// Between a renewal and a rescue at the same moment one wins, and the other learns of it.
pub async fn a_renewal_races_with_a_rescue(store: Fixture) {
    for n in 0..16 {
        let new = NewJob { type_name: factory::named(&format!("race-{n}")), ..store.job() };
        let job = store.running(&new).await;
        let now = store.advance(factory::LEASE);
        let change = rescue(&job, now);
        let lease = Held { id: job.id, revision: job.state.revision(), progress: None };
        let [runner, rescuer] = [store.clone(), store.another().await];
        let renewal = tokio::spawn(async move { runner.renew(&[lease]).await[0] });
        let reply = tokio::spawn(async move { rescuer.change(&change).await });
        match (renewal.await.expect("it renews"), reply.await.expect("it changes")) {
            (Renewed::Until(until), Reply::Stale) => assert_eq!(until, now + factory::LEASE),
            (Renewed::Lost | Renewed::Busy, Reply::Applied) => {
                assert_eq!(store.get(job.id).await.state.status(), JobStatus::Waiting);
            }
            both => panic!("both won, or none: {both:?}"),
        }
    }
}

//! Claiming: what is started, and what it is then.

use crate::{Fixture, contract::ids, dropped_after, factory, race};
use job_core::{
    Clock, Job, JobStatus, Lease, NewJob, Start, Timestamp, TypeName,
    store::{Claim, Claimed},
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::timeout;

/// How long what goes on behind a dropped call may take.
const QUIET: Duration = Duration::from_secs(10);

/// A started job is what the core's verb makes of it, in the answer and in the store: Running, dated, leased
/// to the claimer, and with one attempt counted.
pub async fn a_started_job_is_what_the_core_makes_of_it(store: Fixture) {
    let waiting = store.create(&store.keyed("k")).await;
    let now = store.advance(Duration::from_secs(5));
    let claim = Claim { by: factory::actor(3), lease: Duration::from_secs(7), ..store.claim() };
    let lease = Lease { holder: factory::actor(3), expires: now + Duration::from_secs(7), progress: None };
    let started = Job { state: waiting.start(lease, now).expect("it is due"), ..waiting };
    assert_eq!(store.start(&claim).await, std::slice::from_ref(&started));
    assert_eq!(started.state.attempt_count(), 1);
    assert_eq!(started.state.date_started(), Some(now));
    assert_eq!(store.get(started.id).await, started);
}

/// Each start counts an attempt, whatever ended the one before, and dates its own start.
pub async fn every_start_counts_an_attempt(store: Fixture) {
    let mut job = store.running(&store.job()).await;
    for attempt in 1..=3 {
        assert_eq!(job.state.attempt_count(), attempt);
        let waiting =
            store.moved(&factory::change(&job, job.retry("it broke".into(), store.now(), None))).await;
        assert_eq!(waiting.state.attempt_count(), attempt, "waiting again changes nothing");
        let now = store.advance(Duration::from_secs(1));
        job = store.start(&store.claim()).await.remove(0);
        assert_eq!(job.state.date_started(), Some(now));
    }
}

/// A claim starts waiting jobs only: none that runs, is set aside or has ended.
pub async fn only_waiting_jobs_are_started(store: Fixture) {
    for status in JobStatus::ALL {
        let new = NewJob { type_name: factory::named(status.word()), ..store.job() };
        let job = store.at(status, &new).await;
        let claim = Claim { types: vec![new.type_name], ..store.claim() };
        let started = ids(&store.start(&claim).await);
        assert_eq!(started, if status == JobStatus::Waiting { vec![job.id] } else { vec![] }, "{status}");
        assert_eq!(ids(&store.start(&claim).await), [], "{status}");
    }
}

/// A job is not started before its scheduled start by as little as a microsecond, and at it, it is.
pub async fn nothing_is_started_early(store: Fixture) {
    let delay = Duration::from_secs(60);
    let new = NewJob { start: Start::In(delay), ..store.job() };
    store.create(&new).await;
    assert_eq!(store.start(&store.claim()).await, []);
    store.advance(delay - Duration::from_micros(1));
    assert_eq!(store.start(&store.claim()).await, []);
    store.advance(Duration::from_micros(1));
    assert_eq!(ids(&store.start(&store.claim()).await), [new.id]);
}

/// A job that was due long ago is started.
pub async fn what_was_due_before_is_started(store: Fixture) {
    let now = store.now();
    let starts = [Timestamp::MIN, Timestamp::EPOCH, now.before(Duration::from_secs(60)), now];
    let jobs: Vec<_> = starts.map(|at| NewJob { start: Start::At(at), ..store.job() }).into();
    store.insert(&jobs).await;
    let started = ids(&store.start(&store.claim()).await);
    assert_eq!(started, jobs.iter().map(|it| it.id).collect::<Vec<_>>());
}

/// The end of time is a start like others.
pub async fn a_start_at_the_end_of_time_comes_then(store: Fixture) {
    let new = NewJob { start: Start::At(Timestamp::MAX), ..store.job() };
    store.create(&new).await;
    assert_eq!(store.start(&store.claim()).await, []);
    let started = store.start(&Claim { clock: Clock::At(Timestamp::MAX), ..store.claim() }).await;
    assert_eq!(ids(&started), [new.id]);
    assert_eq!(started[0].state.lease().map(|it| it.expires), Some(Timestamp::MAX));
}

/// Without a given time, the store's own clock decides what is due, dates the start and ends the lease.
pub async fn the_clock_of_the_store_decides_what_is_due(store: Fixture) {
    let before = store.time().await;
    let early = NewJob { start: Start::At(before + Duration::from_secs(3600)), ..store.job() };
    let due = NewJob { start: Start::At(before), ..store.job() };
    store.insert(&[early, due.clone()]).await;
    let started = store.start(&Claim { clock: Clock::Store, ..store.claim() }).await;
    let after = store.time().await;
    assert_eq!(ids(&started), [due.id]);
    let date = started[0].state.date_started().expect("it started");
    assert!((before..=after).contains(&date), "{before} {date} {after}");
    assert_eq!(started[0].state.lease().map(|it| it.expires), Some(date + factory::LEASE));
}

/// A lease may be nothing at all, or last to the end of time.
pub async fn a_lease_may_have_any_length(store: Fixture) {
    store.insert(&store.jobs(2)).await;
    let leases = [(Duration::ZERO, store.now()), (Duration::MAX, Timestamp::MAX)];
    for (lease, expires) in leases {
        let started = store.start(&Claim { lease, limit: factory::limit(1), ..store.claim() }).await;
        assert_eq!(started[0].state.lease().map(|it| it.expires), Some(expires));
        assert_eq!(store.get(started[0].id).await, started[0]);
    }
}

/// Claims at the same moment, through several handles, never start the same job, and together start all of
/// them.
pub async fn racing_claims_never_share_a_job(store: Fixture) {
    store.insert(&store.jobs(200)).await;
    let handles = store.handles(4).await;
    let started = race(16, |n| {
        let store = handles[n % handles.len()].clone();
        async move {
            let claim =
                Claim { by: factory::actor(1 + n as u128), limit: factory::limit(3), ..store.claim() };
            let mut jobs = Vec::new();
            loop {
                let more = store.start(&claim).await;
                if more.is_empty() {
                    return jobs;
                }
                assert!(more.iter().all(|it| it.state.lease().is_some_and(|it| it.holder == claim.by)));
                jobs.extend(more);
            }
        }
    })
    .await
    .concat();
    assert_eq!(started.len(), 200);
    assert_eq!(ids(&started).into_iter().collect::<BTreeSet<_>>().len(), 200, "each job is started once");
}

/// Claims beside inserts start every job, each once.
pub async fn claims_beside_inserts_lose_nothing(store: Fixture) {
    const ALL: usize = 8 * 20;
    let handles = store.handles(4).await;
    let taken = Arc::new(AtomicUsize::new(0));
    let started = race(16, |n| {
        let (store, taken) = (handles[n % handles.len()].clone(), taken.clone());
        async move {
            let mut jobs = Vec::new();
            if n % 2 == 0 {
                for _ in 0..20 {
                    store.create(&store.job()).await;
                }
                return jobs;
            }
            while taken.load(Ordering::Relaxed) < ALL {
                let more = store.start(&Claim { limit: factory::limit(4), ..store.claim() }).await;
                taken.fetch_add(more.len(), Ordering::Relaxed);
                jobs.extend(ids(&more));
                tokio::task::yield_now().await;
            }
            jobs
        }
    })
    .await
    .concat();
    assert_eq!(started.len(), ALL);
    assert_eq!(started.into_iter().collect::<BTreeSet<_>>().len(), ALL, "each job is started once");
}

/// A claim whose future was dropped leaves no job running once the store is quiet: what nobody received is given back,
/// with its attempt, and others start it.
pub async fn a_dropped_claim_leaves_no_job_running(store: Fixture) {
    for polls in 0..8 {
        let type_name: TypeName = factory::named(&format!("polled-{polls}"));
        let new = |_| NewJob { type_name: type_name.clone(), ..store.job() };
        store.insert(&(0..30).map(new).collect::<Vec<_>>()).await;
        let claim = Claim { types: vec![type_name], limit: factory::limit(20), ..store.claim() };
        let answer = dropped_after(polls, store.store.claim(&claim)).await;
        let received = answer.map_or(0, |it| it.expect("the store claims").jobs.len());
        let others = Claim { by: factory::actor(2), limit: factory::limit(30), ..claim };
        let mut started = Vec::new();
        let all = async {
            while received + started.len() < 30 {
                started.extend(store.start(&others).await);
                tokio::task::yield_now().await; // The dropped call, or what gives back, may be under way still.
            }
        };
        let ended = timeout(QUIET, all).await;
        assert!(ended.is_ok(), "{} of 30 jobs were started, {received} by the claim", started.len());
        let once = |it: &Job| (it.state.attempt_count(), it.state.crash_count()) == (1, 0);
        assert!(started.iter().all(once), "after {polls} polls: {started:?}");
    }
}

/// An answer that starts nothing is empty on both sides.
pub async fn a_claim_of_nothing_is_empty(store: Fixture) {
    let claimed: Claimed = store.store.claim(&store.claim()).await.expect("the store claims");
    assert!(claimed.is_empty());
}

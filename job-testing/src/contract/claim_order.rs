//! The order of claims: priority, then scheduled start, then id.

use crate::{Fixture, contract::ids, factory, property};
use job_core::{Clock, JobId, NewJob, Start, Timestamp, TypeName, store::Claim};
use proptest::prelude::*;
use std::time::Duration;

/// The more urgent job is started first, from the lowest priority there is to the highest.
pub async fn a_higher_priority_is_started_first(store: Fixture) {
    let priorities = [0, 5, i16::MIN, 1, i16::MAX, -1, i16::MIN + 1, i16::MAX - 1];
    let mut jobs: Vec<_> = priorities.map(|priority| NewJob { priority, ..store.job() }).into();
    store.insert(&jobs).await;
    jobs.sort_by_key(|it| std::cmp::Reverse(it.priority));
    let started = store.start(&store.claim()).await;
    assert_eq!(ids(&started), jobs.iter().map(|it| it.id).collect::<Vec<_>>());
    for (job, new) in started.iter().zip(&jobs) {
        assert_eq!(job.spec.priority, new.priority);
    }
}

/// Of equal priority, the one that was scheduled earlier is started first, to the microsecond.
pub async fn an_earlier_start_is_started_first(store: Fixture) {
    let now = store.now();
    let starts = [now, Timestamp::MIN, now.before(Duration::from_micros(1)), Timestamp::EPOCH];
    let mut jobs: Vec<_> = starts.map(|at| NewJob { start: Start::At(at), ..store.job() }).into();
    store.insert(&jobs).await;
    jobs.sort_by_key(|it| it.start.resolve(now));
    assert_eq!(ids(&store.start(&store.claim()).await), jobs.iter().map(|it| it.id).collect::<Vec<_>>());
}

/// Of equal priority and start, the older id is started first.
pub async fn an_older_id_is_started_first(store: Fixture) {
    let mut jobs = store.jobs(20);
    jobs.reverse();
    store.insert(&jobs).await;
    let mut sorted: Vec<_> = jobs.iter().map(|it| it.id).collect();
    sorted.sort_unstable();
    assert_eq!(ids(&store.start(&store.claim()).await), sorted);
}

/// A priority counts for more than any scheduled start.
pub async fn priority_counts_before_the_start(store: Fixture) {
    let old = NewJob { start: Start::At(Timestamp::MIN), ..store.job() };
    let urgent = NewJob { priority: 1, ..store.job() };
    store.insert(&[old.clone(), urgent.clone()]).await;
    assert_eq!(ids(&store.start(&store.claim()).await), [urgent.id, old.id]);
}

/// A limited claim starts the most urgent jobs, and the next claim goes on from there.
pub async fn limited_claims_start_all_in_order(store: Fixture) {
    let new = |n: i16| NewJob { priority: n % 7, ..store.job() };
    let jobs: Vec<_> = (0..50).map(new).collect();
    store.insert(&jobs).await;
    let mut places: Vec<_> = jobs.iter().map(|it| it.created(store.now()).place()).collect();
    places.sort_unstable();
    let mut started = Vec::new();
    for limit in [1, 3, 10, 20, 100] {
        let more = store.start(&Claim { limit: factory::limit(limit), ..store.claim() }).await;
        assert_eq!(more.len(), (limit as usize).min(50 - started.len()));
        started.extend(more.iter().map(|it| it.place()));
    }
    assert_eq!(started, places);
}

/// A job that waits again takes its place by its new scheduled start.
pub async fn a_job_that_waits_again_is_placed_anew(store: Fixture) {
    let first = store.running(&store.job()).await;
    let retry = first.retry("it broke".into(), store.now() + Duration::from_secs(2), None);
    store.moved(&factory::change(&first, retry)).await;
    store.advance(Duration::from_secs(1));
    let second = store.create(&store.job()).await;
    store.advance(Duration::from_secs(1));
    assert_eq!(ids(&store.start(&store.claim()).await), [second.id, first.id]);
}

/// Whatever is waiting, a claim starts the first of what is due, in the order of places.
pub async fn any_claim_starts_the_first_of_what_is_due(store: Fixture) {
    let job = (-2..3_i16, 0..6_u64, 0..3_u8);
    let input = (prop::collection::vec(job, 0..20), 1..12_u32, prop::option::of(0..6_u64));
    property::holds(32, &input, async |(jobs, limit, due_by)| {
        let type_name: TypeName = factory::named(&store.mint().to_string());
        let base = store.now();
        let second = |n: u64| base + Duration::from_secs(n);
        let jobs: Vec<_> = jobs
            .into_iter()
            .map(|(priority, start, queue)| NewJob {
                type_name: type_name.clone(),
                priority,
                start: Start::At(second(start)),
                queue: factory::named(if queue == 0 { "other" } else { "default" }),
                ..store.job()
            })
            .collect();
        store.insert(&jobs).await;
        let bound = due_by.map_or(second(3), |it| second(it.min(3)));
        let mut due: Vec<_> = jobs
            .iter()
            .map(|it| it.created(base))
            .filter(|it| it.state.queue().as_str() == "default" && it.state.is_due(bound))
            .map(|it| it.place())
            .collect();
        due.sort_unstable();
        due.truncate(limit as usize);
        let claim = Claim {
            types: vec![type_name],
            limit: factory::limit(limit),
            due_by: due_by.map(second),
            clock: Clock::At(second(3)),
            ..store.claim()
        };
        let started: Vec<JobId> = ids(&store.start(&claim).await);
        assert_eq!(started, due.into_iter().map(|(_, _, id)| id).collect::<Vec<_>>());
    });
}

//! What a claim leaves: other queues, other types, what is due later, and what is beyond its limit.

use crate::{Fixture, contract::ids, factory};
use job_core::{Clock, NewJob, Start, Timestamp, TypeName, store::Claim};
use std::time::Duration;

/// A claim starts jobs of its queue only; names of queues are compared whole and byte by byte.
pub async fn other_queues_are_left(store: Fixture) {
    let names = ["default", "Default", "default-", "defaul", "d", "a/b", "a-b", "a.b", "a_b"];
    let job = |name: &&str| NewJob { queue: factory::named(name), ..store.job() };
    let jobs: Vec<_> = names.iter().map(job).collect();
    store.insert(&jobs).await;
    for new in &jobs {
        let started = store.start(&Claim { queue: new.queue.clone(), ..store.claim() }).await;
        assert_eq!(ids(&started), [new.id], "{}", new.queue);
    }
}

/// A claim starts jobs of the types it names only; names of types are compared whole and byte by byte.
pub async fn other_types_are_left(store: Fixture) {
    let names = ["test", "Test", "test-", "tes", "t_st", "t.st", "a/b", "a.b"];
    let job = |name: &&str| NewJob { type_name: factory::named(name), ..store.job() };
    let jobs: Vec<_> = names.iter().map(job).collect();
    store.insert(&jobs).await;
    for new in &jobs {
        let started = store.start(&Claim { types: vec![new.type_name.clone()], ..store.claim() }).await;
        assert_eq!(ids(&started), [new.id], "{}", new.type_name);
    }
}

/// A claim of several types starts them in one order, even if a type is named twice.
pub async fn several_types_are_claimed_in_one_order(store: Fixture) {
    let types: Vec<TypeName> = ["c", "a", "b"].map(factory::named).into();
    let job = |n: usize| NewJob { type_name: types[n % 3].clone(), ..store.job() };
    let jobs: Vec<_> = (0..9).map(job).collect();
    store.insert(&jobs).await;
    let named = vec![types[1].clone(), types[0].clone(), types[1].clone()];
    let started = store.start(&Claim { types: named, ..store.claim() }).await;
    let expected: Vec<_> = jobs.iter().filter(|it| it.type_name != types[2]).map(|it| it.id).collect();
    assert_eq!(ids(&started), expected);
}

/// A claim may name very many types.
pub async fn a_claim_may_name_a_thousand_types(store: Fixture) {
    let types: Vec<TypeName> = (0..1000).map(|n| factory::named(&format!("type-{n}"))).collect();
    let job = |n: usize| NewJob { type_name: types[n].clone(), ..store.job() };
    let jobs = [job(999), job(0), store.job()];
    store.insert(&jobs).await;
    assert_eq!(ids(&store.start(&Claim { types, ..store.claim() }).await), [jobs[0].id, jobs[1].id]);
}

/// A claim that names no type starts nothing.
pub async fn a_claim_of_no_types_starts_nothing(store: Fixture) {
    store.insert(&store.jobs(3)).await;
    assert_eq!(store.start(&Claim { types: vec![], ..store.claim() }).await, []);
    assert_eq!(store.start(&store.claim()).await.len(), 3);
}

/// A claim starts no more than its limit, and what it leaves still waits.
pub async fn a_claim_keeps_its_limit(store: Fixture) {
    store.insert(&store.jobs(10)).await;
    let claim = |most| Claim { limit: factory::limit(most), ..store.claim() };
    assert_eq!(store.start(&claim(1)).await.len(), 1);
    assert_eq!(store.start(&claim(4)).await.len(), 4);
    assert_eq!(store.start(&claim(u32::MAX)).await.len(), 5);
}

/// A batch of a thousand is started in one claim.
pub async fn a_claim_of_a_thousand_starts_them_all(store: Fixture) {
    let jobs = store.jobs(1000);
    store.insert(&jobs).await;
    let started = store.start(&Claim { limit: factory::limit(1000), ..store.claim() }).await;
    assert_eq!(ids(&started), jobs.iter().map(|it| it.id).collect::<Vec<_>>());
    assert_eq!(store.all().await, started);
}

/// A script's claim takes what was due by a point in time, the point included, and leaves what became due
/// since.
pub async fn a_claim_leaves_what_became_due_later(store: Fixture) {
    let due_by = store.now();
    let second = Duration::from_secs(1);
    let at = |start| NewJob { start: Start::At(start), ..store.job() };
    let jobs =
        [at(due_by.before(second)), at(due_by), at(due_by + Duration::from_micros(1)), at(due_by + second)];
    store.insert(&jobs).await;
    store.advance(second * 60);
    let claim = Claim { due_by: Some(due_by), ..store.claim() };
    assert_eq!(ids(&store.start(&claim).await), [jobs[0].id, jobs[1].id]);
    assert_eq!(ids(&store.start(&store.claim()).await), [jobs[2].id, jobs[3].id]);
}

/// A point in the future lets no claim start anything early.
pub async fn a_claim_due_by_the_future_starts_nothing_early(store: Fixture) {
    let minute = Duration::from_secs(60);
    store.create(&NewJob { start: Start::In(minute), ..store.job() }).await;
    let due_by = Some(store.now() + minute * 2);
    assert_eq!(store.start(&Claim { due_by, ..store.claim() }).await, []);
    let late = NewJob { start: Start::At(Timestamp::MAX), ..store.job() };
    store.create(&late).await;
    let claim = Claim { due_by: Some(Timestamp::MAX), clock: Clock::Store, ..store.claim() };
    assert!(!ids(&store.start(&claim).await).contains(&late.id));
}

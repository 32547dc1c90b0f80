//! Leased locks: one holder at a time, without a leader.

use crate::{Fixture, factory, race};
use job_core::{
    Clock, Text, Timestamp,
    store::{Lock, LockRequest},
};
use std::time::Duration;

/// A request of actor `n` for the lock `section/a`, for a minute.
fn request(store: &Fixture, n: u128) -> LockRequest {
    LockRequest {
        name: factory::named("section/a"),
        by: factory::actor(n),
        holder: Text::new(format_args!("host {n} é😀")),
        lease: Duration::from_secs(60),
        clock: store.clock(),
    }
}

fn give_up(store: &Fixture, n: u128) -> LockRequest {
    LockRequest { lease: Duration::ZERO, ..request(store, n) }
}

fn busy(store: &Fixture, n: u128, until: Timestamp) -> Lock {
    Lock::Busy { holder: request(store, n).holder, until }
}

/// A free lock is taken, and others are told by whom and until when.
pub async fn a_taken_lock_names_its_holder(store: Fixture) {
    let until = store.now() + Duration::from_secs(60);
    assert_eq!(store.lock(&request(&store, 1)).await, Lock::Taken { until });
    store.advance(Duration::from_secs(1));
    for handle in store.handles(2).await {
        assert_eq!(handle.lock(&request(&store, 2)).await, busy(&store, 1, until));
    }
}

/// Its holder may ask again, which extends the lock to the lease from now, be that later or earlier.
pub async fn the_holder_may_ask_again(store: Fixture) {
    store.lock(&request(&store, 1)).await;
    let now = store.advance(Duration::from_secs(30));
    for seconds in [60, 600, 5] {
        let again = LockRequest { lease: Duration::from_secs(seconds), ..request(&store, 1) };
        let until = now + again.lease;
        assert_eq!(store.lock(&again).await, Lock::Taken { until });
        assert_eq!(store.lock(&request(&store, 2)).await, busy(&store, 1, until));
    }
}

/// A lock whose lease ended is free, from that very moment; who held it is told of the new holder.
pub async fn a_lock_is_free_when_its_lease_ends(store: Fixture) {
    let until = store.now() + Duration::from_secs(60);
    store.lock(&request(&store, 1)).await;
    store.advance(Duration::from_secs(60) - Duration::from_micros(1));
    assert_eq!(store.lock(&request(&store, 2)).await, busy(&store, 1, until));
    let until = store.advance(Duration::from_micros(1)) + Duration::from_secs(60);
    assert_eq!(store.lock(&request(&store, 2)).await, Lock::Taken { until });
    assert_eq!(store.lock(&request(&store, 1)).await, busy(&store, 2, until));
    assert_eq!(store.lock(&give_up(&store, 1)).await, busy(&store, 2, until), "giving up what is lost");
}

/// A holder that is late takes its own lock again, if nobody took it.
pub async fn a_late_holder_takes_its_lock_again(store: Fixture) {
    store.lock(&request(&store, 1)).await;
    let until = store.advance(Duration::from_secs(600)) + Duration::from_secs(60);
    assert_eq!(store.lock(&request(&store, 1)).await, Lock::Taken { until });
}

/// A lock that is given up is free at once; giving up what nobody holds is no error.
pub async fn a_lock_given_up_is_free(store: Fixture) {
    assert_eq!(store.lock(&give_up(&store, 1)).await, Lock::GivenUp);
    store.lock(&request(&store, 1)).await;
    for _ in 0..2 {
        assert_eq!(store.lock(&give_up(&store, 1)).await, Lock::GivenUp);
    }
    let until = store.now() + Duration::from_secs(60);
    assert_eq!(store.lock(&request(&store, 2)).await, Lock::Taken { until });
}

/// Nobody gives up the lock of another.
pub async fn nobody_gives_up_the_lock_of_another(store: Fixture) {
    let until = store.now() + Duration::from_secs(60);
    store.lock(&request(&store, 1)).await;
    assert_eq!(store.lock(&give_up(&store, 2)).await, busy(&store, 1, until));
    assert_eq!(store.lock(&request(&store, 3)).await, busy(&store, 1, until));
}

/// Locks of other names are other locks; names are compared byte by byte.
pub async fn locks_of_other_names_are_others(store: Fixture) {
    for (n, name) in (1..).zip(["section/a", "section/A", "section/", "section/a.", "a"]) {
        let other = LockRequest { name: factory::named(name), ..request(&store, n) };
        let until = store.now() + Duration::from_secs(60);
        assert_eq!(store.lock(&other).await, Lock::Taken { until }, "{name}");
    }
}

/// A lock may be taken to the end of time.
pub async fn a_lock_may_be_taken_to_the_end_of_time(store: Fixture) {
    let forever = LockRequest { lease: Duration::MAX, ..request(&store, 1) };
    assert_eq!(store.lock(&forever).await, Lock::Taken { until: Timestamp::MAX });
    assert_eq!(store.lock(&request(&store, 2)).await, busy(&store, 1, Timestamp::MAX));
}

/// Without a given time, the store's own clock ends a lock.
pub async fn the_clock_of_the_store_ends_locks(store: Fixture) {
    let before = store.time().await;
    let by_store = LockRequest { clock: Clock::Store, ..request(&store, 1) };
    let Lock::Taken { until } = store.lock(&by_store).await else { panic!("it was free") };
    let after = store.time().await;
    let lease = by_store.lease;
    assert!((before + lease..=after + lease).contains(&until), "{before} {until} {after}");
    let other = LockRequest { clock: Clock::Store, ..request(&store, 2) };
    assert_eq!(store.lock(&other).await, busy(&store, 1, until));
}

/// Of 32 callers at the same moment, through several handles, exactly one takes the lock, and all others name
/// it.
pub async fn of_racing_callers_one_takes_the_lock(store: Fixture) {
    let handles = store.handles(4).await;
    for round in 0..4 {
        let answers = race(32, |n| {
            let store = handles[n % handles.len()].clone();
            async move { store.lock(&request(&store, 1 + n as u128)).await }
        })
        .await;
        let until = store.now() + Duration::from_secs(60);
        let takers: Vec<_> =
            (1..).zip(&answers).filter(|(_, it)| **it == Lock::Taken { until }).map(|(n, _)| n).collect();
        assert_eq!(takers.len(), 1, "in round {round}: {answers:?}");
        assert_eq!(answers.iter().filter(|it| **it == busy(&store, takers[0], until)).count(), 31);
        store.advance(Duration::from_secs(60));
    }
}

//! Settling and claiming in one call.

use crate::{Fixture, contract::ids, factory, race};
use job_core::{
    Change, Job, JobStatus, NewJob, Reply, Turn,
    store::{Claim, Claimed},
};
use std::{collections::BTreeSet, time::Duration};

async fn exchange(store: &Fixture, changes: &[Change], claim: &Claim) -> (Vec<Reply>, Vec<Job>) {
    let answer = store.store.exchange(changes, claim).await.expect("the store exchanges");
    let (replies, Claimed { jobs, unreadable }) = answer;
    assert!(unreadable.is_empty());
    (replies, jobs)
}

fn complete(store: &Fixture, job: &Job) -> Change {
    factory::change(job, job.complete(store.now()))
}

/// An exchange applies its changes and claims, as the two calls one after the other.
pub async fn an_exchange_applies_and_claims(store: Fixture) {
    store.insert(&store.jobs(6)).await;
    let claim = Claim { limit: factory::limit(3), ..store.claim() };
    let started = store.start(&claim).await;
    let changes = [complete(&store, &started[1]), complete(&store, &started[0])];
    let (replies, next) = exchange(&store, &changes, &claim).await;
    assert_eq!(replies, [Reply::Applied, Reply::Applied]);
    assert_eq!(next.len(), 3);
    let all = store.all().await;
    assert_eq!(all[3..], next);
    assert_eq!(all[2], started[2]);
    assert_eq!(all[0].state, changes[1].next);
    assert_eq!(all[1].state, changes[0].next);
}

/// An exchange of no changes is a claim, and one with nothing due is an apply.
pub async fn an_exchange_may_have_one_side_only(store: Fixture) {
    assert_eq!(exchange(&store, &[], &store.claim()).await, (vec![], vec![]));
    let new = store.job();
    store.create(&new).await;
    let (replies, started) = exchange(&store, &[], &store.claim()).await;
    assert_eq!((replies, ids(&started)), (vec![], vec![new.id]));
    let done = complete(&store, &started[0]);
    assert_eq!(exchange(&store, &[done], &store.claim()).await, (vec![Reply::Applied], vec![]));
    assert_eq!(store.get(new.id).await.state.status(), JobStatus::Completed);
}

/// Changes that do not fit have their answers and hinder neither their neighbours nor the claim; notes and
/// deletions happen as in an apply.
pub async fn a_bad_change_does_not_hinder_the_claim(store: Fixture) {
    store.insert(&store.jobs(4)).await;
    let started = store.start(&store.claim()).await;
    let next = store.create(&store.job()).await;
    store.moved(&complete(&store, &started[0])).await;
    store.moved(&factory::change(&started[1], started[1].release())).await;
    let gone = Change { id: store.mint(), ..complete(&store, &started[0]) };
    let changes = [
        complete(&store, &started[0]),
        complete(&store, &started[1]),
        gone,
        complete(&store, &started[2]).deleting_completed(),
        complete(&store, &started[2]),
        complete(&store, &started[3]),
    ];
    let (replies, claimed) = exchange(&store, &changes, &store.claim()).await;
    assert_eq!(
        replies,
        [Reply::AlreadyApplied, Reply::Stale, Reply::Gone, Reply::Applied, Reply::Stale, Reply::Applied]
    );
    assert_eq!(ids(&claimed), [started[1].id, next.id]);
    assert_eq!(store.find(started[2].id).await, None);
}

/// A job whose turn the exchange ends lets its successor start in the same call or in the next one, and in no
/// more than one of them.
pub async fn the_next_of_a_turn_starts_in_this_claim_or_the_next(store: Fixture) {
    let with_turn = || NewJob { turn: Some(Turn::new("a")), ..store.job() };
    let running = store.running(&with_turn()).await;
    let successors = [store.create(&with_turn()).await, store.create(&with_turn()).await];
    let (replies, now) = exchange(&store, &[complete(&store, &running)], &store.claim()).await;
    assert_eq!(replies, [Reply::Applied]);
    let then = store.start(&store.claim()).await;
    assert_eq!(ids(&[now, then].concat()), [successors[0].id]);
}

/// An exchange whose reply was lost may be sent again: its changes are applied already, and what was claimed
/// stays leased until it lapses.
pub async fn an_exchange_may_be_sent_again(store: Fixture) {
    store.insert(&store.jobs(3)).await;
    let claim = Claim { limit: factory::limit(1), ..store.claim() };
    let first = store.start(&claim).await.remove(0);
    let changes = [complete(&store, &first)];
    let (_, lost) = exchange(&store, &changes, &claim).await;
    let (replies, again) = exchange(&store, &changes, &claim).await;
    assert_eq!(replies, [Reply::AlreadyApplied]);
    assert_eq!(again.len(), 1);
    assert_ne!(again[0].id, lost[0].id);
    store.advance(factory::LEASE + Duration::from_secs(1));
    assert_eq!(store.lapsed().await, [lost[0].clone(), again[0].clone()]);
}

/// Runners that exchange at the same moment run every job once.
pub async fn racing_exchanges_run_every_job_once(store: Fixture) {
    store.insert(&store.jobs(200)).await;
    let handles = store.handles(4).await;
    let ran = race(8, |n| {
        let store = handles[n % handles.len()].clone();
        async move {
            let claim =
                Claim { by: factory::actor(1 + n as u128), limit: factory::limit(7), ..store.claim() };
            let (mut ran, mut hand) = (Vec::new(), Vec::new());
            loop {
                let done: Vec<_> = hand.iter().map(|it| complete(&store, it)).collect();
                let (replies, next) = exchange(&store, &done, &claim).await;
                assert_eq!(replies, vec![Reply::Applied; done.len()]);
                ran.append(&mut hand);
                if next.is_empty() {
                    return ran;
                }
                hand = next;
            }
        }
    })
    .await
    .concat();
    assert_eq!(ran.len(), 200);
    assert_eq!(ids(&ran).into_iter().collect::<BTreeSet<_>>().len(), 200);
    assert!(store.all().await.iter().all(|it| it.state.status() == JobStatus::Completed));
}

//! Changes at the same moment: one of a job wins, and none waits for another for ever.

use crate::{Fixture, contract::ids, factory, race};
use job_core::{
    Change, Job, JobStatus, NewJob, Reply, Turn, UniqueScope, Verb,
    store::{Claim, Deletion},
};
use std::{collections::HashSet, sync::Arc};

/// Of 64 changes made of one look at a job, at the same moment, exactly one is applied; all others are Stale.
pub async fn of_racing_changes_one_wins(store: Fixture) {
    let job = store.running(&store.job()).await;
    let handles = store.handles(4).await;
    let verbs = [Verb::Complete, Verb::Fail, Verb::Retry, Verb::Cancel, Verb::Suspend];
    let replies = race(64, |n| {
        let (store, job) = (handles[n % handles.len()].clone(), job.clone());
        let next = factory::perform(verbs[n % verbs.len()], &job, store.now()).expect("it runs");
        let change = Change::new(&job, next, factory::actor(100 + n as u128));
        async move { (store.change(&change).await, change) }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|(reply, _)| *reply == Reply::Applied);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|(reply, _)| *reply == Reply::Stale));
    assert_eq!(store.get(job.id).await.state, won[0].1.next);
}

/// A change that is sent many times at the same moment, because its sender is impatient, is applied once.
pub async fn a_change_sent_many_times_at_once_is_applied_once(store: Fixture) {
    let job = store.running(&store.job()).await;
    let change = factory::change(&job, job.complete(store.now()));
    let handles = store.handles(4).await;
    let replies = race(16, |n| {
        let (store, change) = (handles[n % handles.len()].clone(), change.clone());
        async move { store.change(&change).await }
    })
    .await;
    assert_eq!(replies.iter().filter(|it| **it == Reply::Applied).count(), 1, "{replies:?}");
    assert_eq!(replies.iter().filter(|it| **it == Reply::AlreadyApplied).count(), 15, "{replies:?}");
}

/// Batches of the same jobs in opposite orders do not block each other for ever, and each job is changed by
/// one of them.
pub async fn racing_batches_in_opposite_orders_all_end(store: Fixture) {
    let jobs = store.jobs(200);
    store.insert(&jobs).await;
    let handles = store.handles(4).await;
    for _ in 0..4 {
        let now = store.all().await;
        let applied = race(8, |n| {
            let (store, mut jobs) = (handles[n % handles.len()].clone(), now.clone());
            if n % 2 == 0 {
                jobs.reverse();
            }
            async move {
                let changes: Vec<_> = jobs
                    .iter()
                    .map(|job| {
                        let next = job.suspend("for a review".into()).or_else(|_| job.resume());
                        let next = next.expect("it waits or is suspended");
                        Change::new(job, next, factory::actor(100 + n as u128))
                    })
                    .collect();
                let replies = store.apply(&changes).await;
                replies.iter().filter(|it| **it == Reply::Applied).count()
            }
        })
        .await;
        assert_eq!(applied.iter().sum::<usize>(), jobs.len());
    }
}

/// While claims, changes, inserts and deletions race for a few keys and turns, every look at the store shows
/// each key held by one job at most and as its scope says, and each turn run for by one job at most.
pub async fn every_look_shows_one_holder_of_each_key_and_turn(store: Fixture) {
    const ACTORS: usize = 8;
    let handles = Arc::new(store.handles(4).await);
    race(ACTORS + 1, |n| {
        let store = handles[n % handles.len()].clone();
        async move {
            for step in 0..60 {
                if n == ACTORS {
                    check(&store.all().await);
                } else {
                    act(&store, n * 1000 + step).await;
                }
            }
        }
    })
    .await;
    check(&store.all().await);
}

/// Something to do, chosen by a number.
async fn act(store: &Fixture, number: usize) {
    // Digits of a number that looks random, one for each choice.
    let mut rest = number.wrapping_mul(0x9e37_79b9) >> 7;
    let mut choose = |most: usize| {
        let choice = rest % most;
        rest /= most;
        choice
    };
    match choose(3) {
        0 => {
            let [key, turn] = [(); 2].map(|()| ["a", "b", "c"][choose(3)]);
            let unique = factory::unique(key, UniqueScope::ALL[choose(3)]);
            let unique = (choose(2) == 0).then_some(unique);
            store.insert(&[NewJob { unique, turn: Some(Turn::new(turn)), ..store.job() }]).await;
        }
        1 => drop(store.start(&Claim { limit: factory::limit(2), ..store.claim() }).await),
        _ if choose(4) == 0 => {
            let old = ids(&store.all().await);
            store.delete(&Deletion::Ids(old.into_iter().skip(choose(3)).take(2).collect())).await;
        }
        _ => {
            let now = store.now() + factory::LEASE;
            let (verb, supersedes) = (Verb::ALL[1 + choose(11)], choose(2) == 0);
            let changed = |job: &Job| {
                let change = Change::new(job, factory::perform(verb, job, now).ok()?, factory::actor(9));
                Some(if supersedes { change.or_supersede(job, now) } else { change })
            };
            let changes: Vec<_> = store.all().await.iter().filter_map(changed).take(4).collect();
            store.apply(&changes).await;
        }
    }
}

fn check(jobs: &[Job]) {
    let (mut keys, mut turns) = (HashSet::new(), HashSet::new());
    for job in jobs {
        let (spec, state) = (&job.spec, &job.state);
        let unique = spec.unique.as_ref().filter(|it| it.scope.holds(state.status()));
        assert_eq!(state.held_key(), unique.map(|it| &it.key), "{job:?}");
        let turn = spec.turn.as_ref().filter(|_| state.status() == JobStatus::Running);
        assert_eq!(state.running_key(), turn, "{job:?}");
        let first_of_key = state.held_key().is_none_or(|key| keys.insert((&spec.type_name, key)));
        let first_of_turn = state.running_key().is_none_or(|turn| turns.insert(turn));
        assert!(first_of_key && first_of_turn, "a second holder: {job:?}");
    }
}

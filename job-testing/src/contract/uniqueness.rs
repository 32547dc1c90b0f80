//! Unique keys: at most one job of a type holds one.

use crate::{Fixture, contract::ids, factory, race};
use job_core::{
    JobId, JobStatus, NewJob, Unique, UniqueKey, UniqueScope,
    store::{Deletion, Inserted},
};
use std::collections::BTreeSet;

/// Of equal keys in one call the first wins, and the others are given its job.
pub async fn of_equal_keys_in_a_batch_the_first_wins(store: Fixture) {
    let jobs = [store.keyed("a"), store.keyed("b"), store.keyed("a"), store.job(), store.keyed("b")];
    let [a, b, _, plain, _] = &jobs;
    let created = |it: &NewJob| Inserted::Created(it.created(store.now()));
    assert_eq!(
        store.insert(&jobs).await,
        [
            created(a),
            created(b),
            Inserted::Existing { holder: a.id },
            created(plain),
            Inserted::Existing { holder: b.id }
        ]
    );
    assert_eq!(ids(&store.all().await), [a.id, b.id, plain.id]);
}

/// Where a key is held, the holder is named and nothing is stored.
pub async fn a_held_key_names_its_holder(store: Fixture) {
    let holder = store.create(&store.keyed("k")).await;
    for _ in 0..3 {
        assert_eq!(store.insert(&[store.keyed("k")]).await, [Inserted::Existing { holder: holder.id }]);
    }
    assert_eq!(store.all().await, [holder]);
}

/// Jobs without a key never stand in each other's way, nor in that of jobs with one.
pub async fn jobs_without_a_key_are_never_the_same(store: Fixture) {
    let jobs = [store.job(), store.job(), store.keyed("null"), store.job(), store.keyed("")];
    assert!(store.insert(&jobs).await.iter().all(|it| matches!(it, Inserted::Created(_))));
}

/// A key is held by type: the same key of another type is another key.
pub async fn each_type_has_keys_of_its_own(store: Fixture) {
    for name in ["test", "Test", "tes", "test2"] {
        store.create(&NewJob { type_name: factory::named(name), ..store.keyed("k") }).await;
    }
}

/// Keys are compared byte by byte: neither case, nor spaces, nor the ways to write an accent make two the same.
pub async fn keys_are_compared_byte_by_byte(store: Fixture) {
    let keys =
        ["k", "K", "k ", " k", "k\n", "é", "e\u{301}", "ß", "ss", "ﬁ", "fi", "'k'", "k%", "k_", "\\k", "😀"];
    for key in keys {
        let first = store.create(&store.keyed(key)).await;
        let again = store.insert(&[store.keyed(key)]).await;
        assert_eq!(again, [Inserted::Existing { holder: first.id }], "{key:?}");
    }
}

/// A key may have 200 bytes, of which the last counts.
pub async fn long_keys_differ_by_their_last_byte(store: Fixture) {
    let long = "é".repeat(99);
    for end in ["xy", "xz"] {
        let key = format!("{long}{end}");
        assert_eq!(key.len(), UniqueKey::LONGEST);
        let job = store.create(&store.keyed(&key)).await;
        assert_eq!(store.get(job.id).await.spec.unique, Some(factory::unique(&key, UniqueScope::Waiting)));
    }
}

/// A job holds its key in exactly the statuses that its scope names, and no other job of its type can be
/// inserted with it then.
pub async fn a_key_is_held_as_its_scope_says(store: Fixture) {
    for scope in UniqueScope::ALL {
        for status in JobStatus::ALL {
            let case = format!("{scope:?}-{status}");
            let keyed = || NewJob {
                type_name: factory::named(&case),
                unique: Some(factory::unique("k", scope)),
                ..store.job()
            };
            let holder = store.at(status, &keyed()).await;
            assert_eq!(holder.state.held_key().is_some(), scope.holds(status), "{case}");
            let second = keyed();
            let expected = if scope.holds(status) {
                Inserted::Existing { holder: holder.id }
            } else {
                Inserted::Created(second.created(store.now()))
            };
            assert_eq!(store.insert(&[second]).await, [expected], "{case}");
        }
    }
}

/// A key is the same key whatever the scope it is asked for in: what counts is who holds it.
pub async fn a_key_is_one_key_in_all_scopes(store: Fixture) {
    let [waiting, pending, kept] =
        UniqueScope::ALL.map(|scope| NewJob { unique: Some(factory::unique("k", scope)), ..store.job() });
    let answers = store.insert(&[kept.clone(), waiting, pending]).await;
    assert_eq!(
        answers[1..],
        [Inserted::Existing { holder: kept.id }, Inserted::Existing { holder: kept.id }]
    );
}

/// A job that is deleted gives its key up, whatever its scope.
pub async fn a_deleted_job_gives_its_key_up(store: Fixture) {
    for scope in UniqueScope::ALL {
        let keyed =
            || NewJob { unique: Some(Unique { scope, ..factory::unique("k", scope) }), ..store.job() };
        let first = store.create(&keyed()).await;
        store.delete(&Deletion::Ids(vec![first.id])).await;
        let second = store.create(&keyed()).await;
        store.delete(&Deletion::Ids(vec![second.id])).await;
    }
}

/// Of 64 inserts of one key at the same moment, through several handles, exactly one creates; all others are
/// given the job that it created.
pub async fn racing_inserts_create_exactly_one(store: Fixture) {
    let handles = store.handles(4).await;
    let answers = race(64, |n| {
        let store = handles[n % handles.len()].clone();
        async move { store.insert(&[store.keyed("race")]).await.remove(0) }
    })
    .await;
    let winners = created(&answers);
    assert_eq!(winners.len(), 1, "one creates");
    let others = answers.iter().filter(|it| **it == Inserted::Existing { holder: winners[0] }).count();
    assert_eq!(others, 63, "the others are given its job");
    assert_eq!(ids(&store.all().await), winners, "and it is stored");
}

/// Batches with the same keys in opposite orders, at the same moment, do not block each other, and of each key
/// exactly one is created.
pub async fn racing_batches_create_each_key_once(store: Fixture) {
    let handles = store.handles(4).await;
    let keys: Vec<String> = (0..50).map(|n| format!("key-{n}")).collect();
    let answers = race(8, |n| {
        let (store, mut keys) = (handles[n % handles.len()].clone(), keys.clone());
        if n % 2 == 0 {
            keys.reverse();
        }
        let jobs: Vec<_> = keys.iter().map(|key| store.keyed(key)).collect();
        async move { store.insert(&jobs).await }
    })
    .await
    .concat();
    let winners: BTreeSet<JobId> = created(&answers).into_iter().collect();
    assert_eq!(winners.len(), keys.len(), "one job for each key");
    for answer in answers {
        let id = match answer {
            Inserted::Created(job) => job.id,
            Inserted::Existing { holder } => holder,
            Inserted::IdTaken => panic!("ids are new"),
        };
        assert!(winners.contains(&id), "all agree on the holder");
    }
}

fn created(answers: &[Inserted]) -> Vec<JobId> {
    let created = answers.iter().filter_map(|it| match it {
        Inserted::Created(job) => Some(job.id),
        _ => None,
    });
    created.collect()
}

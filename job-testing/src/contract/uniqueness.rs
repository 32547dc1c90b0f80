//! Unique keys: at most one job of a type holds one.

use crate::{Fixture, race};
use job_core::store::{Inserted, JobStoreExt};

/// Of 64 inserts of one key at the same moment, through several handles, exactly one creates; all others are
/// given the job that it created.
pub async fn racing_inserts_create_exactly_one(store: Fixture) {
    let handles = store.handles(4).await;
    let answers = race(64, |n| {
        let store = handles[n % handles.len()].clone();
        async move { store.insert(&[store.keyed("race")]).await.remove(0) }
    })
    .await;
    let created: Vec<_> = answers
        .iter()
        .filter_map(|it| match it {
            Inserted::Created(job) => Some(job.id),
            _ => None,
        })
        .collect();
    assert_eq!(created.len(), 1, "one creates");
    let others = answers.iter().filter(|it| **it == Inserted::Existing { holder: created[0] }).count();
    assert_eq!(others, 63, "the others are given its job");
    assert!(store.store.get(created[0]).await.is_ok_and(|it| it.is_some()), "which is stored");
}

//! Seeds and clocks that tests set.

use job_core::{Clock, JobId, Timestamp, store::JobStore};
use job_store_mem::MemStore;
use job_testing::{factory, race};
use std::time::Duration;

fn minted(store: &MemStore) -> Vec<JobId> {
    (0..100).map(|_| store.mint()).collect()
}

#[test]
fn a_seed_gives_the_same_ids_in_every_run() {
    let ids = minted(&MemStore::seeded(7));
    assert_eq!(ids, minted(&MemStore::seeded(7)));
    assert!(ids.iter().all(|id| !minted(&MemStore::seeded(8)).contains(id)), "another seed, other ids");
    assert!(ids.is_sorted_by(|a, b| a < b));
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_grow_and_differ_across_threads() {
    for store in [MemStore::new(), MemStore::seeded(7)] {
        let batches = race(8, |_| {
            let store = store.clone();
            async move { minted(&store) }
        })
        .await;
        assert!(batches.iter().all(|ids| ids.is_sorted_by(|a, b| a < b)));
        let mut all = batches.concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 800);
    }
}

#[tokio::test]
async fn the_clock_stands_where_it_is_set() {
    let store = MemStore::seeded(7);
    assert_eq!(store.now().await.unwrap(), Timestamp::EPOCH);
    let noon = factory::noon();
    store.clone().set_now(noon);
    assert_eq!(store.now().await.unwrap(), noon, "clones share the clock");
    let new = factory::job(store.mint());
    store.insert(std::slice::from_ref(&new), Clock::Store).await.unwrap();
    let started = store.claim(&factory::claim(Clock::Store)).await.unwrap().jobs;
    assert_eq!(started[0].state.date_started(), Some(noon));
    let soon = store.claim(&factory::claim(Clock::At(noon + Duration::from_secs(1)))).await.unwrap();
    assert!(soon.is_empty(), "a call may bring its own time");
}

#[tokio::test]
async fn the_clock_of_a_new_store_is_the_systems() {
    let store = MemStore::new();
    let (first, second) = (store.now().await.unwrap(), store.now().await.unwrap());
    assert!(Timestamp::EPOCH < first && first <= second);
}

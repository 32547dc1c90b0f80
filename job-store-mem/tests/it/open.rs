//! Handles by URL.

use job_core::{
    Clock,
    store::{Filter, JobStore, JobStoreExt, Opener as _, StoreUrl},
};
use job_store_mem::{MemStore, Opener};
use job_testing::factory;

#[tokio::test]
async fn an_opener_gives_the_same_store_for_the_same_url() {
    let opener = Opener::new();
    assert_eq!(opener.schemes(), ["memory"]);
    let one = opener.open(&StoreUrl::new("memory:")).await.unwrap();
    let job = factory::job(one.store.mint());
    one.store.insert(&[job], Clock::Store).await.unwrap();
    let again = opener.open(&StoreUrl::new("memory:")).await.unwrap();
    assert!(again.store.any(&Filter::default()).await.unwrap());
    let named = opener.open(&StoreUrl::new("memory:other")).await.unwrap();
    assert!(!named.store.any(&Filter::default()).await.unwrap());
}

#[tokio::test]
async fn an_opener_of_a_store_gives_that_store() {
    let store = MemStore::new();
    let opened = Opener::of(&store).open(&StoreUrl::new("memory:")).await.unwrap();
    store.insert(&[factory::job(store.mint())], Clock::Store).await.unwrap();
    assert!(opened.store.any(&Filter::default()).await.unwrap());
    assert!(opened.wake.is_some() && opened.admin.is_none());
    assert_eq!((opened.scheme, opened.clock), ("memory", Clock::Store));
}

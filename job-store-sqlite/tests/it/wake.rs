//! Wake-ups: at once within a handle, soon from elsewhere, and never lost in between.

use crate::file::{File, claim, email, emails};
use job_core::{
    Options, QueueName, Start,
    store::{JobStore, Wake},
};
use job_store_sqlite::{EnqueueOn, SqliteStore};
use std::time::Duration;
use tokio::time::timeout;

/// Ends when woken; or tells that it was not.
pub(crate) async fn woken(store: &SqliteStore, within: Duration) -> bool {
    timeout(within, store.woken(&[QueueName::default()])).await.is_ok()
}

/// Long enough on any machine; a test that succeeds does not take as long.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Whatever rang before was heard.
pub(crate) async fn quiet(store: &SqliteStore) {
    while woken(store, Duration::from_millis(200)).await {}
}

#[tokio::test]
async fn a_job_of_this_handle_wakes_at_once_and_between_two_waits() {
    let file = File::new();
    let store = file.store().await;
    quiet(&store).await;
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { woken(&store, LONG).await }
    });
    emails(&store).create(&email("zoe")).await.unwrap();
    assert!(waiting.await.unwrap());
    // Nobody waits while this one comes; who asks next hears of it.
    emails(&store).create(&email("ida")).await.unwrap();
    assert!(woken(&store, LONG).await);
}

#[tokio::test]
async fn a_job_of_another_handle_or_connection_wakes_soon() {
    let file = File::new();
    let store = file.store().await;
    for other in [false, true] {
        quiet(&store).await;
        if other {
            emails(&file.store().await).create(&email("zoe")).await.unwrap();
        } else {
            email("ida").create_on(&mut file.conn()).unwrap();
        }
        assert!(woken(&store, LONG).await);
        // Claimed, so that the next wait begins with nothing due.
        assert_eq!(store.claim(&claim(1, 10)).await.unwrap().jobs.len(), 1);
    }
}

/// A worker that cannot take what is due, for it does not know the type, is not woken again and again.
#[tokio::test]
async fn what_is_due_wakes_only_when_something_was_committed() {
    let file = File::new();
    let store = file.store().await;
    emails(&store).create(&email("zoe")).await.unwrap();
    quiet(&store).await;
    assert!(!woken(&store, Duration::from_millis(200)).await);
}

#[tokio::test]
async fn a_job_that_is_not_due_wakes_nobody() {
    let file = File::new();
    let store = file.store().await;
    quiet(&store).await;
    let later = Options { start: Start::In(LONG), ..Options::default() };
    emails(&store).create_with(&email("zoe"), &later).await.unwrap();
    emails(&file.store().await).create_with(&email("ida"), &later).await.unwrap();
    assert!(!woken(&store, Duration::from_millis(200)).await);
}

/// When the turn of a waiting job is free again, whoever waits is told.
#[tokio::test]
async fn the_end_of_a_turn_wakes() {
    let file = File::new();
    let store = file.store().await;
    emails(&store).create(&email("zoe")).await.unwrap();
    let first = store.claim(&claim(1, 10)).await.unwrap().jobs.remove(0);
    emails(&store).create(&email("zoe")).await.unwrap();
    assert!(store.claim(&claim(1, 10)).await.unwrap().is_empty(), "the turn runs");
    quiet(&store).await;
    let done = first.complete(store.now().await.unwrap()).unwrap();
    store.apply(&[job_core::Change::new(&first, done, job_testing::factory::actor(1))]).await.unwrap();
    assert!(woken(&store, LONG).await);
    assert_eq!(store.claim(&claim(1, 10)).await.unwrap().jobs.len(), 1);
}

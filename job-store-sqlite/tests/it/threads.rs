//! The store's threads: they need no particular runtime, finish what they were given, and end with the last handle.

use crate::{child::Process, file::File};
use job_core::{
    Clock, QueueName,
    store::{JobStore, JobStoreExt, Wake},
};
use job_store_sqlite::SqliteStore;
use job_testing::factory;
use std::{fs, path::Path, time::Duration};
use tokio::{runtime::Builder, time::timeout};

/// The threads of this process that are a store's.
fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|it| fs::read_to_string(it.path().join("comm")).ok());
    names.filter(|it| it.starts_with("jobs-")).count()
}

/// Waits until the store has so many threads: one that was just made takes a moment to bear its name, and one that was told
/// to end, a moment to be gone.
fn await_threads(count: usize, why: &str) {
    let mut left = 1000;
    while threads() != count {
        assert!(left > 0, "{} threads: {why}", threads());
        left -= 1;
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// In a process of its own, where no other test has stores.
pub(crate) async fn open_and_drop(file: &Path) {
    for _ in 0..20 {
        let store = SqliteStore::open(file).await.unwrap();
        let clone = store.clone();
        let _ = timeout(Duration::from_millis(10), clone.woken(&[QueueName::default()])).await;
        await_threads(5, "a writer, three readers and a watch are five");
        drop(store);
        clone.insert(&[factory::job(clone.mint())], Clock::Store).await.unwrap();
        drop(clone);
        await_threads(0, "none outlives the last handle");
    }
    assert!(!file.with_extension("sqlite3-wal").exists(), "the last connection takes the log along");
}

#[test]
fn the_threads_end_with_the_last_handle() {
    let file = File::new();
    Process::start("open and drop", &file.path).end();
    assert_eq!(file.number("SELECT count(*) FROM job"), 20);
}

/// Whatever runtime a call comes from, also one that has no timers, and one that ends while the store lives on.
#[test]
fn a_store_outlives_the_runtime_that_opened_it() {
    let file = File::new();
    let runtimes = [Builder::new_current_thread(), Builder::new_multi_thread()];
    let [first, second] = runtimes.map(|mut it| it.build().unwrap());
    let store = first.block_on(file.store());
    let job = factory::job(store.mint());
    first.block_on(store.insert(std::slice::from_ref(&job), Clock::Store)).unwrap();
    drop(first);
    assert!(second.block_on(store.get(job.id)).unwrap().is_some());
    drop(second);
    drop(store);
}

/// A call whose future is dropped is done all the same, once it was sent.
#[tokio::test]
async fn a_dropped_call_is_done() {
    let file = File::new();
    let store = file.store().await;
    let jobs: Vec<_> = (0..100).map(|_| factory::job(store.mint())).collect();
    for job in &jobs {
        let mut call = Box::pin(store.insert(std::slice::from_ref(job), Clock::Store));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
    }
    // The writer does calls in the order in which they came.
    store.insert(&[], Clock::Store).await.unwrap();
    store.insert(&[factory::job(store.mint())], Clock::Store).await.unwrap();
    assert_eq!(file.number("SELECT count(*) FROM job"), 101);
}

//! A recorder gives what ran, once each, in order, and wakes whoever waits for it.

use job_core::{Attempt, AttemptHandle, BoxFuture, LogLevel, Progress, RunnableJob, Text};
use job_store_mem::MemStore;
use job_testing::{Failing, Fixture, Recorded, Recorder};
use std::{sync::Arc, time::Duration};

/// An attempt that nobody runs.
#[derive(Debug)]
struct Bare;

impl AttemptHandle for Bare {
    fn is_cancelled(&self) -> bool {
        false
    }

    fn cancelled(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    fn time_left(&self) -> Duration {
        Duration::MAX
    }

    fn progress(&self, _: Progress) {}

    fn log(&self, _: LogLevel, _: Text) {}
}

async fn attempt(recorder: &Recorder) -> Attempt<Recorder> {
    let store = Fixture::from(MemStore::new().opened());
    let new = store.job();
    Attempt::new(recorder.clone(), Arc::new(store.running(&new).await), Arc::new(Bare))
}

#[tokio::test]
async fn records_are_given_once_each_in_order() {
    let recorder = Recorder::default();
    for label in ["a", "b", "c"] {
        assert!(Recorded::new(label).run(attempt(&recorder).await).await.is_ok());
    }
    assert_eq!(recorder.labels(), ["a", "b", "c"]);
    let clone = recorder.clone();
    let given = [recorder.next().await, clone.next().await, recorder.next().await];
    assert_eq!(given.to_vec(), recorder.records());
    assert!(given.iter().all(|it| it.attempt == 1));
}

#[tokio::test]
async fn whoever_waits_is_woken() {
    let recorder = Recorder::default();
    let waiting = tokio::spawn({
        let recorder = recorder.clone();
        async move { recorder.next().await }
    });
    tokio::task::yield_now().await;
    let attempt = attempt(&recorder).await;
    recorder.record(&attempt, "now");
    let record = waiting.await.expect("the waiting task ends");
    assert_eq!((record.id, record.label.as_str()), (attempt.id(), "now"));
}

#[tokio::test]
async fn a_failing_job_fails_as_often_as_it_says() {
    let recorder = Recorder::default();
    let failing = |failures| Failing { label: "broken".to_owned(), failures };
    assert!(failing(0).run(attempt(&recorder).await).await.is_ok());
    let error = failing(1).run(attempt(&recorder).await).await.expect_err("the first attempt fails");
    assert_eq!(error.to_string(), "broken");
    assert_eq!(recorder.records().len(), 2);
}

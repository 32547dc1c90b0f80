//! Lanes: a job that is too slow for the fast one moves to the slow one, once.

use job_core::{Attempt, BoxError, JobId, JobSource, JobStatus, Options, RetryPolicy, RunnableJob};
use job_runner::{Drain, Registry};
use job_store_mem::MemStore;
use job_testing::{Fixture, assert_enqueued, refute_enqueued};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// Never ends in the fast lane; in the slow one, only if it is `lame`.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Snail {
    lame: bool,
}

impl RunnableJob for Snail {
    const TYPE: &'static str = "snail";
    const QUEUE: &'static str = "fast";
    const SLOW_QUEUE: Option<&'static str> = Some("slow");
    const TIMEOUT: Duration = Duration::from_secs(1);
    type Error = BoxError;

    async fn run(self, attempt: Attempt) -> Result<(), BoxError> {
        let fast = attempt.job().state.queue().as_str() == "fast";
        if fast || self.lame { std::future::pending().await } else { Ok(()) }
    }

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::fixed(MINUTE).without_jitter()
    }
}

/// An empty store, with a snail that may be tried twice.
async fn with(snail: Snail) -> (Fixture, JobId) {
    let store = Fixture::from(MemStore::new().opened());
    let once_more = Options { max_retries: Some(1), ..Options::default() };
    let source = JobSource::<Snail>::new(store.driven().store);
    let id = source.create_with(&snail, &once_more).await.unwrap().id;
    (store, id)
}

fn drain(store: &Fixture) -> Drain<()> {
    Drain::new(store.driven(), Registry::new().register::<Snail>(), ()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_too_slow_for_the_fast_lane_is_moved_once_with_one_attempt_counted() {
    let (store, _) = with(Snail { lame: false }).await;
    drain(&store).run().await.unwrap();
    assert_enqueued!(store.store, Snail, queue: "slow", attempts: 1, count: 1);
    refute_enqueued!(store.store, Snail, queue: "fast");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_too_slow_for_the_fast_lane_completes_in_the_slow_one() {
    let (store, id) = with(Snail { lame: false }).await;
    let report = drain(&store).until_dry().run().await.unwrap();
    assert_eq!((report.completed.values().sum::<u64>(), report.incomplete.values().sum::<u64>()), (1, 1));
    let state = store.get(id).await.state;
    assert_eq!((state.status(), state.queue().as_str()), (JobStatus::Completed, "slow"));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_too_slow_for_both_lanes_fails() {
    let (store, id) = with(Snail { lame: true }).await;
    drain(&store).until_dry().run().await.unwrap();
    let state = store.get(id).await.state;
    assert_eq!((state.status(), state.attempt_count()), (JobStatus::Failed, 2));
    assert_eq!(state.last_error().unwrap().as_str(), "ran longer than 1s");
}

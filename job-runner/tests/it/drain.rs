//! Draining in a test: everything due, what comes of it, and what time brings.

use async_trait::async_trait;
use job_core::{
    Ask, Attempt, BoxError, JobSource, JobStatus, Options, RetryPolicy, RunnableJob, Start,
    store::{Opened, Switch, Switches},
};
use job_runner::{Drain, DrainError, ErrorReport, Registry, Reporter, RunReport};
use job_store_mem::MemStore;
use job_testing::{
    Failing, Fixture, ManualClock, Recorded, Recorder, assert_enqueued,
    factory::{LEASE, named, noon},
    faulty::{Bug, Faulty},
    refute_enqueued,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

const HOUR: Duration = Duration::from_secs(3600);

/// Creates a job like itself after each run, `left` times, as the application does: by the store's own clock.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Chain {
    left: u32,
    pause: Duration,
}

/// A store, and what was recorded.
#[derive(Clone, Debug)]
struct Desk {
    opened: Opened,
    recorder: Recorder,
    clock: ManualClock,
}

impl RunnableJob<Desk> for Chain {
    const TYPE: &'static str = "chain";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Desk>) -> Result<(), BoxError> {
        let Desk { opened, recorder, clock } = &attempt.context;
        recorder.record(&attempt, clock.now());
        if let Some(left) = self.left.checked_sub(1) {
            let options = Options { start: Start::In(self.pause), ..Options::default() };
            JobSource::<Self>::new(opened.store.clone())
                .create_with(&Self { left, ..self }, &options)
                .await?;
        }
        Ok(())
    }
}

/// Snoozes for ever.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Dormouse;

impl RunnableJob<Desk> for Dormouse {
    const TYPE: &'static str = "dormouse";
    type Error = BoxError;

    async fn run(self, _: Attempt<Desk>) -> Result<(), BoxError> {
        Err(Ask::Snooze(Duration::ZERO).into())
    }
}

/// Asks to be tried again at once, twice.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Eager;

impl RunnableJob<Desk> for Eager {
    const TYPE: &'static str = "eager";
    type Error = BoxError;

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::fixed(Duration::ZERO).without_jitter()
    }

    async fn run(self, attempt: Attempt<Desk>) -> Result<(), BoxError> {
        if attempt.number() < 3 { Err("not yet")? } else { Ok(()) }
    }
}

impl Desk {
    fn new() -> Self {
        let clock = ManualClock::default();
        Self { opened: clock.drive(MemStore::new().opened()), recorder: Recorder::default(), clock }
    }

    fn drain(&self) -> Drain<Self> {
        let registry = Registry::new().register::<Chain>().register::<Dormouse>().register::<Eager>();
        let clock = self.clock.clone();
        Drain::new(self.opened.clone(), registry, self.clone())
            .unwrap()
            .telling(move |now| clock.move_to(now))
    }

    async fn create<J: RunnableJob<Self>>(&self, job: &J) {
        JobSource::<J>::new(self.opened.store.clone()).create(job).await.unwrap();
    }

    /// The times at which something ran, since noon.
    fn times(&self) -> Vec<Duration> {
        self.recorder
            .labels()
            .iter()
            .map(|it| it.parse::<job_core::Timestamp>().unwrap().since(noon()))
            .collect()
    }
}

fn sums(report: &RunReport) -> (u64, u64) {
    (report.completed.values().sum(), report.incomplete.values().sum())
}

#[tokio::test]
async fn what_is_due_is_run_whatever_queue_it_waits_in_and_the_rest_is_left() {
    let (opened, recorder) = (MemStore::new().opened(), Recorder::default());
    let jobs = JobSource::<Recorded>::new(opened.store.clone());
    let slow = Options { queue: Some(named("slow")), ..Options::default() };
    let later = Options { start: Start::In(HOUR), ..Options::default() };
    jobs.create(&Recorded::new("plain")).await.unwrap();
    jobs.create_with(&Recorded::new("slow"), &slow).await.unwrap();
    jobs.create_with(&Recorded::new("later"), &later).await.unwrap();

    let registry = Registry::new().register::<Recorded>();
    let report = Drain::new(opened.clone(), registry, recorder.clone()).unwrap().run().await.unwrap();

    assert_eq!(sums(&report), (2, 0));
    assert_eq!(recorder.labels(), ["plain", "slow"]);
    assert_enqueued!(opened.store, Recorded { label: "later" }, count: 1);
}

#[tokio::test]
async fn until_dry_runs_what_jobs_create_and_what_is_to_be_tried_again_at_once() {
    let desk = Desk::new();
    desk.create(&Chain { left: 3, pause: Duration::ZERO }).await;
    desk.create(&Eager).await;
    let report = desk.drain().until_dry().run().await.unwrap();
    assert_eq!(sums(&report), (5, 2));
    refute_enqueued!(desk.opened.store, Chain);
    refute_enqueued!(desk.opened.store, Eager);
}

#[tokio::test]
async fn on_a_clock_that_goes_on_until_dry_is_the_same() {
    let (opened, clock) = (MemStore::new().opened(), ManualClock::default());
    let desk = Desk { opened, recorder: Recorder::default(), clock };
    desk.create(&Chain { left: 3, pause: Duration::ZERO }).await;
    desk.create(&Eager).await;
    let first = desk.drain().run().await.unwrap();
    assert_eq!(sums(&first), (1, 1), "what comes later than the drain began is left");
    assert_eq!(sums(&desk.drain().until_dry().run().await.unwrap()), (4, 1));
}

#[tokio::test]
async fn time_passes_job_by_job_and_each_runs_when_it_is_due() {
    let desk = Desk::new();
    desk.create(&Chain { left: 3, pause: HOUR }).await;
    let report = desk.drain().ahead(2 * HOUR + HOUR / 2).run().await.unwrap();
    assert_eq!(sums(&report), (3, 0));
    assert_eq!(desk.times(), [Duration::ZERO, HOUR, 2 * HOUR]);
    assert_eq!(desk.clock.now(), noon() + 2 * HOUR + HOUR / 2, "all the time has passed");
    assert_enqueued!(desk.opened.store, Chain { left: 0, .. }, due: noon() + 3 * HOUR..=noon() + 3 * HOUR);
}

#[tokio::test]
async fn retries_come_within_the_time_that_passes_on_a_store_that_has_a_clock_of_its_own() {
    let (opened, recorder) = (MemStore::new().opened(), Recorder::default());
    let jobs = JobSource::<Failing>::new(opened.store.clone());
    let job = jobs.create(&Failing { label: "letter".to_owned(), failures: 2 }).await.unwrap();
    let drain = Drain::new(opened.clone(), Registry::new().register::<Failing>(), recorder.clone()).unwrap();
    let report = drain.ahead(HOUR).run().await.unwrap();
    assert_eq!(sums(&report), (1, 2));
    let state = jobs.get(job.id).await.unwrap().job.state;
    assert_eq!((state.status(), state.attempt_count()), (JobStatus::Completed, 3));
}

#[tokio::test]
async fn what_is_paused_is_left_and_does_not_hold_up_the_end() {
    let desk = Desk::new();
    desk.create(&Chain { left: 0, pause: HOUR }).await;
    desk.create(&Eager).await;
    desk.opened.switches.set(&Switch::PauseType(named("chain")), true).await.unwrap();
    assert_eq!(sums(&desk.drain().ahead(HOUR).run().await.unwrap()), (1, 2));
    assert_enqueued!(desk.opened.store, Chain, count: 1);
}

#[tokio::test]
async fn a_drain_without_end_says_so() {
    let desk = Desk::new();
    desk.create(&Dormouse).await;
    let error = desk.drain().until_dry().at_most(50).run().await.unwrap_err();
    assert!(matches!(&error, DrainError::Endless { attempts: 50, .. }), "{error}");
}

#[tokio::test]
async fn a_job_that_creates_its_like_at_once_has_no_end_either() {
    let desk = Desk::new();
    desk.create(&Chain { left: u32::MAX, pause: Duration::ZERO }).await;
    let error = desk.drain().at_most(50).run().await.unwrap_err();
    assert!(matches!(&error, DrainError::Endless { attempts: 50, .. }), "{error}");
}

#[tokio::test]
async fn as_many_as_there_may_be_are_an_end_and_one_more_is_none() {
    let desk = Desk::new();
    for _ in 0..3 {
        desk.create(&Chain { left: 0, pause: HOUR }).await;
    }
    let error = desk.drain().at_most(2).run().await.unwrap_err();
    assert!(matches!(&error, DrainError::Endless { attempts: 2, .. }), "{error}");
    desk.create(&Chain { left: 0, pause: HOUR }).await;
    assert_eq!(sums(&desk.drain().at_most(2).run().await.unwrap()), (2, 0));
}

#[tokio::test]
async fn what_a_dead_runner_held_is_run_once_enough_time_has_passed() {
    let desk = Desk::new();
    desk.create(&Chain { left: 0, pause: HOUR }).await;
    let store = Fixture::new(desk.opened.clone());
    assert_eq!(store.start(&store.claim_of::<Chain, _>()).await.len(), 1);
    assert!(desk.drain().ahead(LEASE - Duration::from_micros(1)).run().await.unwrap().is_idle());
    let later = desk.drain().ahead(Duration::from_micros(1)).run().await.unwrap();
    assert_eq!((later.rescued, sums(&later)), (1, (1, 0)));
}

#[tokio::test]
async fn what_seems_ready_and_cannot_be_started_does_not_hold_up_the_end() {
    let store = MemStore::new();
    JobSource::<Recorded>::new(store.opened().store).create(&Recorded::new("held")).await.unwrap();
    store.set(&Switch::PauseType(named("recorded")), true).await.unwrap();
    let held = Opened::new("memory", Arc::new(Faulty::new(store, Bug::ListsBlockedAsReady)));
    let drain = Drain::new(held, Registry::new().register::<Recorded>(), Recorder::default()).unwrap();
    assert!(drain.until_dry().run().await.unwrap().is_idle());
}

#[tokio::test]
async fn a_strict_drain_says_which_attempts_failed_and_why() {
    let (opened, recorder) = (MemStore::new().opened(), Recorder::default());
    let registry = || Registry::new().register::<Recorded>().register::<Failing>();
    let drain = || Drain::new(opened.clone(), registry(), recorder.clone()).unwrap().strict().ahead(HOUR);
    let jobs = JobSource::<Failing>::new(opened.store.clone());
    let letter = |failures| Failing { label: "no stamp".to_owned(), failures };
    let job = jobs.create(&letter(1)).await.unwrap();
    let error = drain().run().await.unwrap_err();
    let said = format!("attempts failed:\n  failing job {}, attempt 1: error: no stamp", job.id);
    assert_eq!(error.to_string(), said);
    // What failed before is not told again.
    JobSource::<Recorded>::new(opened.store.clone()).create(&Recorded::new("tea")).await.unwrap();
    assert_eq!(sums(&drain().run().await.unwrap()), (2, 0));
}

/// Keeps the reports.
#[derive(Clone, Debug, Default)]
struct Drawer(Arc<Mutex<Vec<ErrorReport>>>);

#[async_trait]
impl Reporter for Drawer {
    async fn report(&self, report: &ErrorReport) -> Result<(), BoxError> {
        self.0.lock().push(report.clone());
        Ok(())
    }
}

#[tokio::test]
async fn each_round_reports_where_the_test_says() {
    let (opened, drawer) = (MemStore::new().opened(), Drawer::default());
    let jobs = JobSource::<Failing>::new(opened.store.clone());
    let once = Options { max_retries: Some(1), ..Options::default() };
    jobs.create_with(&Failing { label: "letter".to_owned(), failures: 2 }, &once).await.unwrap();
    let registry = Registry::new().register::<Failing>();
    let drain = Drain::new(opened, registry, Recorder::default()).unwrap();
    let reporter = Arc::new(drawer.clone());
    let report = drain.ahead(HOUR).each(move |it| it.reporter(reporter.clone())).run().await.unwrap();
    assert_eq!(sums(&report), (0, 2));
    assert_eq!(drawer.0.lock().iter().map(|it| it.attempt).collect::<Vec<_>>(), [2]);
}

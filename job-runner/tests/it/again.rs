//! Jobs that come back: run after run, until they succeed, are given up or have grown too old.

use crate::{
    play::{Act, Play, Wish},
    stage::{Stage, count},
};
use job_core::{
    ActorId, AgeStep, Attempt, BoxError, JobStatus, Options, RetryPolicy, RunnableJob,
    store::{JobStoreExt, Operation},
};
use job_runner::Registry;
use job_testing::factory::noon;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

const HOUR: Duration = Duration::from_secs(3600);

/// Tried again every hour, until it is three hours old.
#[derive(Serialize, Deserialize)]
struct Ages;

impl RunnableJob<Stage> for Ages {
    const TYPE: &'static str = "ages";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Err("not yet".into())
    }

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::by_age(vec![AgeStep { up_to: 3 * HOUR, delay: HOUR }]).without_jitter()
    }
}

/// Succeeds only in its second run.
#[derive(Serialize, Deserialize)]
struct Reviewed;

impl RunnableJob<Stage> for Reviewed {
    const TYPE: &'static str = "reviewed";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Stage>) -> Result<(), BoxError> {
        if attempt.context.ran().is_empty() {
            attempt.context.runs("first");
            Err(Wish::Suspend("waits for a review".to_owned()).ask())?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_job_that_keeps_asking_for_a_retry_fails_when_no_attempt_is_left() {
    let stage = Stage::new();
    let options = Options { max_retries: Some(2), ..Options::default() };
    let job = stage.create_with(Play::new("it", Act::Ask(Wish::Retry)), &options).await;
    let mut now = noon();
    for status in [JobStatus::Waiting, JobStatus::Waiting, JobStatus::Failed] {
        let report = stage.run().await;
        assert_eq!(count(&report.incomplete, "usual"), 1);
        assert_eq!(stage.row(job.id).await.state.status(), status);
        now = now + HOUR;
        stage.store.set_now(now);
    }
    assert!(stage.run().await.is_idle());
    let words: Vec<String> = stage.attempts(job.id).await.into_iter().map(|it| it.outcome).collect();
    assert_eq!(words, ["retry", "retry", "retry"]);
    // The one report is about the last.
    assert_eq!(stage.told.reports.lock().iter().map(|it| it.attempt).collect::<Vec<_>>(), [3]);
}

#[tokio::test]
async fn a_job_that_suspended_itself_runs_to_its_end_once_it_is_resumed() {
    let stage = Stage::new();
    let job = stage.source().create(&Reviewed).await.unwrap();
    let registry = || Registry::new().register::<Reviewed>();
    stage.script_of(registry(), Stage::settings()).run().await.unwrap();
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Suspended);
    assert!(stage.script_of(registry(), Stage::settings()).run().await.unwrap().is_idle());
    let by = ActorId::from_uuid(Uuid::from_u128(5));
    stage.store.operate(job.id, Operation::Resume, by, stage.opened.clock).await.unwrap();
    let report = stage.script_of(registry(), Stage::settings()).run().await.unwrap();
    assert_eq!(count(&report.completed, "reviewed"), 1);
    assert_eq!(stage.row(job.id).await.state.attempt_count(), 1);
}

#[tokio::test]
async fn a_policy_by_age_gives_up_when_the_job_is_too_old_whatever_attempts_are_left() {
    let stage = Stage::new();
    let job = stage.source().create(&Ages).await.unwrap();
    let mut statuses = Vec::new();
    for hours in [0, 1, 2, 4] {
        stage.store.set_now(noon() + hours * HOUR + Duration::from_secs(60));
        let registry = Registry::new().register::<Ages>();
        stage.script_of(registry, Stage::settings()).run().await.unwrap();
        statuses.push(stage.row(job.id).await.state.status());
    }
    let waiting = JobStatus::Waiting;
    assert_eq!(statuses, [waiting, waiting, waiting, JobStatus::Failed]);
    assert!(stage.row(job.id).await.attempts_left());
    assert_eq!(stage.told.reports.lock().len(), 1);
}

//! How long a job waits for its next attempt, as its type's own function, its error, its age and its progress say.

use crate::stage::{SECOND, Stage, count};
use job_core::{
    Attempt, BoxError, Job, JobStatus, Options, Outcome, Progress, RetryPolicy, RunnableJob, Setback,
};
use job_runner::{Drain, Perform, Registry};
use job_testing::factory::noon;
use serde::{Deserialize, Serialize};
use std::{io, time::Duration};

/// Fetches from a server that answers with a status.
#[derive(Serialize, Deserialize)]
struct Fetch(u16);

#[derive(Debug, thiserror::Error)]
#[error("status {0}")]
struct Status(u16);

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("the answer is of no use")]
    Answer(#[source] Status),
    #[error("there is no answer")]
    Io(#[from] io::Error),
}

/// By the attempt and by what went wrong; a panic is never tried again.
fn by_error(setback: &Setback<'_>) -> Option<Duration> {
    match (setback.error_as::<Status>(), setback.error_as::<io::Error>(), setback.outcome) {
        (Some(Status(404)), ..) => None,
        (Some(_), ..) => Some(100 * SECOND * setback.attempt),
        (_, Some(_), _) => Some(SECOND),
        (.., Outcome::Panicked(_)) => None,
        _ => panic!("nothing else happens here"),
    }
}

impl RunnableJob<Stage> for Fetch {
    const TYPE: &'static str = "fetch";
    type Error = FetchError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), FetchError> {
        match self.0 {
            0 => Err(io::Error::from(io::ErrorKind::ConnectionRefused))?,
            1 => panic!("not a status"),
            status => Err(FetchError::Answer(Status(status))),
        }
    }

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::own(by_error).without_jitter()
    }
}

#[tokio::test]
async fn a_types_own_function_sees_the_attempt_and_the_typed_error() {
    let stage = Stage::new();
    let registry = Registry::new().register::<Fetch>();
    let perform = Perform::new(stage.opened.clone(), registry, stage.clone()).unwrap();
    for (status, attempt, delay) in
        [(500, 1, Some(100)), (500, 3, Some(300)), (0, 2, Some(1)), (404, 1, None), (1, 1, None)]
    {
        let performed = perform.attempt(attempt).job(&Fetch(status)).await.unwrap();
        assert_eq!(performed.delay(), delay.map(Duration::from_secs), "{status} at attempt {attempt}");
        let expected = if delay.is_some() { JobStatus::Waiting } else { JobStatus::Failed };
        assert_eq!(performed.status(), expected);
    }
}

/// Its policy panics.
#[derive(Serialize, Deserialize)]
struct Rash;

impl RunnableJob<Stage> for Rash {
    const TYPE: &'static str = "rash";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Err("broken".into())
    }

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::own(|_| panic!("no idea"))
    }
}

#[tokio::test]
async fn a_policy_that_panics_is_replaced_by_the_default_one() {
    let stage = Stage::new();
    let job = stage.source().create(&Rash).await.unwrap();
    let registry = Registry::new().register::<Rash>();
    stage.script_of(registry, Stage::settings()).run().await.unwrap();
    let state = stage.row(job.id).await.state;
    assert_eq!((state.status(), state.attempt_count()), (JobStatus::Waiting, 1));
    let delay = state.scheduled_start().since(noon());
    assert!((13 * SECOND..18 * SECOND).contains(&delay), "{delay:?}");
    assert_eq!(state.last_error().unwrap().as_str(), "panicked: no idea");
}

/// Copies a hundred pages, one in each attempt, and goes on where it stopped.
#[derive(Serialize, Deserialize)]
struct Copy {
    progresses: bool,
}

impl RunnableJob<Stage> for Copy {
    const TYPE: &'static str = "copy";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Stage>) -> Result<(), BoxError> {
        attempt.context.runs("copy");
        let copied = attempt.context.ran().len();
        if self.progresses {
            attempt.progress(Progress::percent(u8::try_from(copied)?));
        }
        if copied < 100 { Err("the line was cut".into()) } else { Ok(()) }
    }

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::fixed(SECOND).without_jitter().reset_on_progress(80 * SECOND)
    }
}

async fn copy(progresses: bool, within: Duration) -> (Job, usize) {
    let stage = Stage::new();
    let options = Options { max_retries: Some(3), ..Options::default() };
    let job = stage.source().create_with(&Copy { progresses }, &options).await.unwrap();
    let registry = Registry::new().register::<Copy>();
    let drain = Drain::new(stage.opened.clone(), registry, stage.clone()).unwrap();
    drain.ahead(within).run().await.unwrap();
    (stage.row(job.id).await, stage.ran().len())
}

#[tokio::test]
async fn progress_gives_the_attempts_before_it_back_while_the_job_is_young() {
    let (young, started) = copy(true, 50 * SECOND).await;
    assert_eq!((young.state.status(), young.state.attempt_count(), started), (JobStatus::Waiting, 1, 51));
    // The last attempt that counts as the first ends at 80 s, and three more are left.
    let (old, started) = copy(true, 3600 * SECOND).await;
    assert_eq!((old.state.status(), old.state.attempt_count(), started), (JobStatus::Failed, 4, 84));
    let (without, started) = copy(false, 3600 * SECOND).await;
    assert_eq!((without.state.status(), without.state.attempt_count(), started), (JobStatus::Failed, 4, 4));
}

/// Gives up after an hour.
#[derive(Serialize, Deserialize)]
struct Brittle;

impl RunnableJob<Stage> for Brittle {
    const TYPE: &'static str = "brittle";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Err("broken".into())
    }

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::fixed(1000 * SECOND).without_jitter().give_up_after(3600 * SECOND)
    }
}

#[tokio::test]
async fn no_attempt_is_made_past_the_age_at_which_a_job_gives_up() {
    let stage = Stage::new();
    let job = stage.source().create(&Brittle).await.unwrap();
    let registry = Registry::new().register::<Brittle>();
    let drain = Drain::new(stage.opened.clone(), registry, stage.clone()).unwrap();
    let report = drain.ahead(86_400 * SECOND).run().await.unwrap();
    // At 0, 1000, 2000 and 3000 s.
    assert_eq!(count(&report.incomplete, "brittle"), 4);
    let state = stage.row(job.id).await.state;
    assert_eq!(state.status(), JobStatus::Failed);
    assert!(state.attempt_count() <= 10, "attempts were left");
}

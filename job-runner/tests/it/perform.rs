//! One attempt in a test's hands: it is a real one, of the job that was meant and no other.

use crate::{
    play::{Act, Brief, Play, Usual, Wish},
    stage::Stage,
};
use job_core::{
    Ask, Attempt, BoxError, Completed, Completion, JobId, JobSource, JobStatus, LogLevel, Notice, Options,
    Outcome, Progress, Reply, RunnableJob, Start, TransactionalJob,
    store::{JobStoreExt, Switch},
};
use job_runner::{Perform, PerformError, Registry};
use job_testing::factory::{named, noon};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Tells of its work.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Talker;

impl RunnableJob<Stage> for Talker {
    const TYPE: &'static str = "talker";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Stage>) -> Result<(), BoxError> {
        attempt.log(LogLevel::Info, "begun");
        attempt.progress(Progress::percent(40));
        attempt
            .log(LogLevel::Warn, format_args!("attempt {}, last: {}", attempt.number(), attempt.is_last()));
        attempt.progress(Progress::percent(80).saying("nearly"));
        if attempt.is_cancelled() { Err("told to stop")? } else { Ok(()) }
    }
}

/// Completes its job itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ledger;

impl TransactionalJob<Stage> for Ledger {
    const TYPE: &'static str = "ledger";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Stage>, completion: Completion) -> Result<Completed, BoxError> {
        Ok(job_store_mem::complete(&attempt.context.store, completion)?)
    }
}

fn perform(stage: &Stage) -> Perform<Stage> {
    let registry = Stage::registry().register::<Talker>().register_transactional::<Ledger>();
    Perform::new(stage.opened.clone(), registry, stage.clone()).unwrap()
}

async fn asking(stage: &Stage, wish: Wish) -> job_runner::Performed {
    perform(stage).job(&Usual(Play::new("one", Act::Ask(wish)))).await.unwrap()
}

#[tokio::test]
async fn one_job_is_run_and_what_waits_beside_it_is_untouched() {
    let stage = Stage::new();
    let urgent = Options { priority: Some(9), ..Options::default() };
    let before = stage.create_with(Play::new("urgent", Act::Succeed), &urgent).await;
    let later = Options { start: Start::In(Duration::from_secs(3600)), queue: Some(named("slow")), ..urgent };
    let meant = stage.create_with(Play::new("meant", Act::Succeed), &later).await;

    let done = perform(&stage).id(meant.id).await.unwrap();

    assert_eq!(
        (done.outcome.clone(), done.reply, done.notice),
        (Outcome::Done, Reply::Applied, Notice::Quiet)
    );
    assert_eq!(stage.ran(), ["meant"]);
    assert_eq!(stage.row(before.id).await, before);
    let after = stage.row(meant.id).await;
    assert_eq!(done.after.as_ref(), Some(&after));
    assert_eq!((after.state.status(), after.state.attempt_count()), (JobStatus::Completed, 1));
    let place = (after.state.queue().as_str(), after.state.scheduled_start());
    assert_eq!(place, ("slow", noon() + Duration::from_secs(3600)), "it is back in its old place");
}

#[tokio::test]
async fn what_a_job_asks_for_is_told_and_done() {
    let stage = Stage::new();
    let minute = Duration::from_secs(60);
    let retried = asking(&stage, Wish::RetryIn(60)).await;
    assert_eq!(retried.asked(), Some(&Ask::RetryIn(minute)));
    assert_eq!((retried.status(), retried.delay()), (JobStatus::Waiting, Some(minute)));
    assert_eq!(asking(&stage, Wish::Suspend("for a review".to_owned())).await.status(), JobStatus::Suspended);
    let told = asking(&stage, Wish::TellUser("the page is gone".to_owned())).await;
    assert_eq!((told.status(), told.notice, told.delay()), (JobStatus::Failed, Notice::User, None));
}

#[tokio::test]
async fn the_chosen_attempt_is_what_the_handler_and_the_judge_see() {
    let stage = Stage::new();
    let job = stage.create(Play::new("one", Act::Fail("it broke".to_owned()))).await;
    let tenth = perform(&stage).attempt(10).id(job.id).await.unwrap();
    assert_eq!((tenth.job.state.attempt_count(), tenth.notice), (10, Notice::Warn));
    let last = perform(&stage).attempt(11).id(job.id).await.unwrap();
    assert_eq!((last.status(), last.notice), (JobStatus::Failed, Notice::Report));
    assert_eq!(last.error().unwrap().as_str(), "it broke");
    let attempts: Vec<u32> = stage.attempts(job.id).await.iter().map(|it| it.attempt).collect();
    assert_eq!(attempts, [10, 11], "each is on record");
}

#[tokio::test]
async fn what_a_handler_says_is_heard_and_kept_with_the_job() {
    let stage = Stage::new();
    let done = perform(&stage).attempt(11).job(&Talker).await.unwrap();
    let lines: Vec<_> = done.logged.iter().map(|it| (it.attempt, it.level, it.text.as_str())).collect();
    assert_eq!(lines, [(11, LogLevel::Info, "begun"), (11, LogLevel::Warn, "attempt 11, last: true")]);
    assert_eq!(done.progress, [Progress::percent(40), Progress::percent(80).saying("nearly")]);
    let kept = job_testing::Fixture::from(stage.opened.clone()).notes_about(done.job.id).await;
    assert_eq!(kept.len(), 2);
}

#[tokio::test]
async fn a_handler_can_be_told_to_stop_from_the_beginning() {
    let stopped = perform(&Stage::new()).told_to_stop().job(&Talker).await.unwrap();
    assert_eq!(stopped.error().unwrap().as_str(), "told to stop");
    let state = stopped.after.unwrap().state;
    assert_eq!((state.status(), state.attempt_count()), (JobStatus::Waiting, 0), "its attempt is given back");
}

#[tokio::test(start_paused = true)]
async fn a_handler_has_the_time_that_its_type_gives_it() {
    let stage = Stage::new();
    let late = perform(&stage).job(&Brief(Play::new("late", Act::Hang))).await.unwrap();
    assert_eq!(late.outcome, Outcome::TimedOut(Duration::from_secs(1)));
    assert_eq!(late.status(), JobStatus::Waiting);
    let heeds = perform(&stage).job(&Brief(Play::new("heeds", Act::Heed))).await.unwrap();
    assert_eq!(heeds.outcome, late.outcome, "to fail when told that time is up is to be late");
}

#[tokio::test]
async fn a_panic_is_an_end_like_another() {
    let stage = Stage::new();
    let loud = perform(&stage).job(&Usual(Play::new("loud", Act::Panic("oh no".to_owned())))).await.unwrap();
    assert_eq!(loud.outcome, Outcome::Panicked("oh no".into()));
}

#[tokio::test]
async fn a_job_that_completes_itself_is_completed_once() {
    let stage = Stage::new();
    let done = perform(&stage).job(&Ledger).await.unwrap();
    assert_eq!((done.outcome.clone(), done.reply), (Outcome::Done, Reply::AlreadyApplied));
    assert_eq!(done.status(), JobStatus::Completed);
}

#[tokio::test]
async fn what_cannot_be_started_says_why_and_stays_as_it_is() {
    let stage = Stage::new();
    let perform = perform(&stage);
    let nowhere = *JobId::BOUNDS.start();
    assert!(matches!(perform.id(nowhere).await, Err(PerformError::NotFound { .. })));

    let unknown = JobSource::<job_testing::Recorded>::new(stage.opened.store.clone());
    let unknown = unknown.create(&job_testing::Recorded::new("who?")).await.unwrap();
    assert!(matches!(perform.id(unknown.id).await, Err(PerformError::NotRegistered { .. })));

    let done = perform.job(&Talker).await.unwrap();
    let again = perform.id(done.job.id).await;
    assert!(matches!(again, Err(PerformError::NotWaiting { status: JobStatus::Completed, .. })));

    stage.opened.switches.set(&Switch::PauseType(named("usual")), true).await.unwrap();
    let later = Options { start: Start::In(Duration::from_secs(60)), ..Options::default() };
    let paused = stage.create_with(Play::new("paused", Act::Succeed), &later).await;
    assert!(matches!(perform.id(paused.id).await, Err(PerformError::NotStarted { .. })));
    let state = stage.store.get(paused.id).await.unwrap().unwrap().state;
    let place = (state.queue(), state.scheduled_start(), state.attempt_count());
    assert_eq!(place, (paused.state.queue(), paused.state.scheduled_start(), 0));
}

#[tokio::test]
async fn a_type_that_cannot_be_registered_is_told_at_once() {
    let twice = Registry::<Stage>::new().register::<Talker>().register::<Talker>();
    let stage = Stage::new();
    assert!(Perform::new(stage.opened.clone(), twice, stage).is_err());
}

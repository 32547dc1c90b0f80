//! Rows that go: by their own completion where the section says so, or by somebody's hand while they run.

use crate::{
    play::{Act, Play, Usual},
    stage::{Stage, count},
    unsteady::Fault,
};
use job_core::{
    Attempt, BoxError, JobStatus, JsonError, RunnableJob, UniqueKey, UniqueScope,
    store::{Deletion, Filter, JobStore, JobStoreExt},
};
use job_runner::{Registry, SectionSettings};
use job_testing::factory::noon;
use serde::{Deserialize, Serialize};
use std::time::Duration;

fn deleting() -> SectionSettings {
    SectionSettings { delete_completed: true, ..Stage::settings() }
}

/// Once, for as long as its row stays.
#[derive(Serialize, Deserialize)]
struct Once;

impl RunnableJob<Stage> for Once {
    const TYPE: &'static str = "once";
    const SCOPE: UniqueScope = UniqueScope::Kept;
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Ok(())
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
        UniqueKey::by("once")
    }
}

#[tokio::test]
async fn completed_jobs_go_and_others_stay() {
    let stage = Stage::new();
    let good = stage.create(Play::new("good", Act::Succeed)).await;
    let bad = stage.create_last(Play::new("bad", Act::Fail("no".to_owned()))).await;
    let report = stage.script_with(deleting()).run().await.unwrap();
    assert_eq!((count(&report.completed, "usual"), count(&report.incomplete, "usual")), (1, 1));
    assert!(stage.store.get(good.id).await.unwrap().is_none());
    assert_eq!(stage.row(bad.id).await.state.status(), JobStatus::Failed);
}

#[tokio::test]
async fn a_job_whose_key_must_outlive_it_stays() {
    let stage = Stage::new();
    let once = stage.source().create(&Once).await.unwrap();
    let registry = Registry::new().register::<Once>().register::<Usual>();
    stage.script_of(registry, deleting()).run().await.unwrap();
    assert_eq!(stage.row(once.id).await.state.status(), JobStatus::Completed);
}

#[tokio::test]
async fn a_lost_reply_to_a_completion_that_deleted_counts_as_completed() {
    let (stage, store) = Stage::unsteady();
    stage.create(Play::new("it", Act::Succeed)).await;
    for method in ["exchange", "apply"] {
        store.next(method, [Fault::ReplyLost]);
    }
    let report = stage.script_with(deleting()).run().await.unwrap();
    assert_eq!((count(&report.completed, "usual"), report.gone), (1, 0));
}

#[tokio::test]
async fn a_job_that_is_deleted_while_it_runs_ends_as_gone_and_stops_nothing() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Wait)).await;
    let other = stage.create(Play::new("other", Act::Succeed)).await;
    let run = stage.start(stage.script());
    stage.here("it").await;
    assert_eq!(stage.store.delete(&Deletion::Ids(vec![job.id])).await.unwrap(), 1);
    stage.let_go("it");
    let report = run.await.unwrap().unwrap();
    assert_eq!((report.gone, count(&report.completed, "usual")), (1, 1));
    assert_eq!(count(&report.incomplete, "usual"), 1);
    assert!(stage.store.get(job.id).await.unwrap().is_none());
    assert_eq!(stage.row(other.id).await.state.status(), JobStatus::Completed);
}

#[tokio::test(start_paused = true)]
async fn the_handler_of_a_deleted_job_is_told_at_the_next_beat() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Heed)).await;
    let run = stage.start(stage.script());
    stage.here("it").await;
    stage.store.delete(&Deletion::Ids(vec![job.id])).await.unwrap();
    tokio::time::sleep(Duration::from_millis(10_100)).await;
    assert!(run.is_finished());
    let report = run.await.unwrap().unwrap();
    assert_eq!(report.gone, 1);
    assert!(stage.told.reports.lock().is_empty());
}

#[tokio::test]
async fn a_script_deletes_in_the_end_what_its_section_keeps_no_longer() {
    let stage = Stage::new();
    let settings = || SectionSettings { retention: Some(Duration::from_secs(600)), ..Stage::settings() };
    let old = stage.create(Play::new("old", Act::Succeed)).await;
    stage.script_with(settings()).run().await.unwrap();
    stage.store.set_now(noon() + Duration::from_secs(599));
    let new = stage.create(Play::new("new", Act::Succeed)).await;
    stage.script_with(settings()).run().await.unwrap();
    stage.row(old.id).await;

    stage.store.set_now(noon() + Duration::from_secs(601));
    stage.run().await;
    stage.row(old.id).await; // a section that does not say keeps all
    stage.script_with(settings()).run().await.unwrap();
    assert!(stage.store.get(old.id).await.unwrap().is_none());
    assert_eq!(stage.row(new.id).await.state.status(), JobStatus::Completed);
}

/// However many they are.
#[tokio::test(start_paused = true)]
async fn a_script_deletes_more_than_a_batch() {
    let stage = Stage::new();
    let settings = SectionSettings { retention: Some(Duration::from_secs(600)), ..Stage::settings() };
    for n in 0..2500 {
        stage.create(Play::new(&n.to_string(), Act::Succeed)).await;
    }
    stage.run().await;
    stage.store.set_now(noon() + Duration::from_secs(601));
    stage.script_with(settings).run().await.unwrap();
    let left = stage.store.count(&Filter::default(), 10_000).await.unwrap();
    assert_eq!(left.jobs, 0);
}

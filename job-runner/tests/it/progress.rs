//! What a handler says while it runs is stored at the next beat, and outlives a beat that fails.

use crate::{stage::Stage, unsteady::Fault};
use job_core::{Attempt, BoxError, LogLevel, NoteFilter, NoteKind, Progress, RunnableJob, store::Notes};
use job_runner::Registry;
use job_testing::factory::limit;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Reports and logs, and waits to be let go.
#[derive(Serialize, Deserialize)]
struct Talks;

impl RunnableJob<Stage> for Talks {
    const TYPE: &'static str = "talks";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Stage>) -> Result<(), BoxError> {
        attempt.progress(Progress::percent(10));
        attempt.progress(Progress::percent(40).saying("nearly half"));
        attempt.log(LogLevel::Info, "so far so good");
        attempt.context.pass("it").await
    }
}

async fn kept_with(fault: Option<(&'static str, Fault)>) {
    let (stage, store) = Stage::unsteady();
    let job = stage.source().create(&Talks).await.unwrap();
    if let Some((method, fault)) = fault {
        store.next(method, [fault]);
    }
    let registry = Registry::new().register::<Talks>();
    let run = stage.start(stage.script_of(registry, Stage::settings()));
    stage.here("it").await;
    // Two beats long, and a beat that fails is made up for at once.
    tokio::time::sleep(Duration::from_secs(25)).await;
    let progress = stage.row(job.id).await.state.lease().unwrap().progress.clone().unwrap();
    assert_eq!((progress.percent, progress.text.unwrap().as_str()), (40, "nearly half"));
    let filter = NoteFilter { kind: Some(NoteKind::Log), ..NoteFilter::default() };
    assert_eq!(stage.store.notes(&filter, limit(9)).await.unwrap().len(), 1);
    stage.let_go("it");
    run.await.unwrap().unwrap();
    assert_eq!(stage.store.notes(&filter, limit(9)).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn progress_and_lines_are_stored_at_the_next_beat() {
    kept_with(None).await;
}

#[tokio::test(start_paused = true)]
async fn a_beat_that_fails_loses_neither_progress_nor_lines() {
    kept_with(Some(("renew", Fault::Away))).await;
    kept_with(Some(("append", Fault::Away))).await;
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_locked_at_the_beat_keeps_its_progress_for_the_next() {
    kept_with(Some(("renew", Fault::Busy))).await;
}

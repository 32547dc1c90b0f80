//! What a run says in the log, and what handlers leave there.

use crate::{
    lines::Lines,
    play::{Act, Brief, Play, Usual, Wish},
    stage::Stage,
};
use job_core::{
    About, Attempt, BoxError, LogLevel, LogNote, NoteFilter, NoteKind, RunnableJob, store::Notes,
};
use job_runner::Registry;
use job_testing::factory::limit;
use serde::{Deserialize, Serialize};

#[tokio::test]
async fn a_run_logs_each_start_and_ends_with_counts_by_type() {
    let stage = Stage::new();
    let first = stage.create(Play::new("first", Act::Succeed)).await;
    stage.source().create(&Brief(Play::new("second", Act::Succeed))).await.unwrap();
    stage.create(Play::new("third", Act::Ask(Wish::Snooze(60)))).await;
    let lines = Lines::keep();
    stage.run().await;
    let started = lines.with("Running usual job");
    assert_eq!(started.len(), 2);
    let start = format!("INFO Running usual job {} (attempt 1).", first.id);
    assert!(started[0].starts_with(&start), "{started:?}");
    let all = lines.all();
    let last: Vec<&str> =
        all[all.len() - 3..].iter().map(|it| it.split(" job.type").next().unwrap()).collect();
    let expected =
        ["INFO Ran 1 brief jobs.", "INFO Ran 1 usual jobs.", "INFO 1 usual jobs did not complete."];
    assert_eq!(last, expected);
}

#[tokio::test]
async fn an_idle_run_says_so_and_hardly_more() {
    let stage = Stage::new();
    let lines = Lines::keep();
    let report = stage.run().await;
    assert!(report.is_idle());
    assert_eq!(lines.all(), ["INFO No jobs to run."]);
}

#[tokio::test]
async fn what_jobs_ask_for_is_never_more_urgent_than_info() {
    let stage = Stage::new();
    for wish in [Wish::Retry, Wish::Snooze(5), Wish::Suspend("a".to_owned()), Wish::Cancel("b".to_owned())] {
        stage.create(Play::new("it", Act::Ask(wish))).await;
    }
    let lines = Lines::keep();
    stage.run().await;
    assert_eq!(lines.with("WARN").len() + lines.with("ERROR").len(), 0, "{:?}", lines.all());
    assert_eq!(lines.with("is to be tried again at").len(), 1);
    assert_eq!(lines.with("is suspended now").len(), 1);
    assert_eq!(lines.with("is cancelled now").len(), 1);
}

/// Logs two lines.
#[derive(Serialize, Deserialize)]
struct Talks;

impl RunnableJob<Stage> for Talks {
    const TYPE: &'static str = "talks";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Stage>) -> Result<(), BoxError> {
        attempt.log(LogLevel::Info, "three files found");
        attempt.log(LogLevel::Warn, "one of them is empty");
        Ok(())
    }
}

#[tokio::test]
async fn what_a_handler_logs_is_kept_with_the_job_and_logged() {
    let stage = Stage::new();
    let job = stage.source().create(&Talks).await.unwrap();
    let registry = Registry::new().register::<Talks>().register::<Usual>();
    let lines = Lines::keep();
    stage.script_of(registry, Stage::settings()).run().await.unwrap();
    let filter =
        NoteFilter { about: Some(About::Job(job.id)), kind: Some(NoteKind::Log), ..NoteFilter::default() };
    let notes = stage.store.notes(&filter, limit(9)).await.unwrap();
    let notes: Vec<LogNote> = notes.iter().rev().map(|it| it.note.body.decode().unwrap()).collect();
    assert_eq!((notes[0].level, notes[0].text.as_str()), (LogLevel::Info, "three files found"));
    assert_eq!((notes[1].level, notes[1].attempt), (LogLevel::Warn, 1));
    assert_eq!(lines.with("three files found").len(), 1);
    assert!(lines.with("one of them is empty")[0].starts_with("WARN"));
}

//! A panic, wherever it comes from, is an error of its job and of no other.

use crate::play::{Act, Play, Usual};
use crate::stage::{Stage, count};
use job_core::{Ask, Attempt, BoxError, JobStatus, Options, RunnableJob, Text};
use job_runner::Registry;
use serde::{Deserialize, Deserializer, Serialize};
use std::{error::Error, fmt};

/// Panics with something that is no text.
#[derive(Serialize, Deserialize)]
struct Number;

impl RunnableJob<Stage> for Number {
    const TYPE: &'static str = "number";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        std::panic::panic_any(42_u32)
    }
}

/// Panics with something that panics when it is dropped.
#[derive(Serialize, Deserialize)]
struct Grenade;

struct DropsBadly;

impl Drop for DropsBadly {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

impl RunnableJob<Stage> for Grenade {
    const TYPE: &'static str = "grenade";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        std::panic::panic_any(DropsBadly)
    }
}

/// Panics when its state is dropped at the end of a successful run.
#[derive(Serialize, Deserialize)]
struct BadEnd;

impl RunnableJob<Stage> for BadEnd {
    const TYPE: &'static str = "bad-end";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        let _bad = DropsBadly;
        tokio::task::yield_now().await;
        Ok(())
    }
}

/// Panics when its args are read.
#[derive(Serialize)]
struct Unreadable;

impl<'de> Deserialize<'de> for Unreadable {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("while reading")
    }
}

impl RunnableJob<Stage> for Unreadable {
    const TYPE: &'static str = "unreadable";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Ok(())
    }
}

/// Fails with an error that panics when it is shown.
#[derive(Serialize, Deserialize)]
struct Shy;

#[derive(Debug)]
struct PanicsWhenShown;

impl Error for PanicsWhenShown {}

impl fmt::Display for PanicsWhenShown {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("do not look")
    }
}

impl RunnableJob<Stage> for Shy {
    const TYPE: &'static str = "shy";
    type Error = PanicsWhenShown;

    async fn run(self, _: Attempt<Stage>) -> Result<(), PanicsWhenShown> {
        Err(PanicsWhenShown)
    }
}

/// Fails, and panics when it is asked for its variables.
#[derive(Serialize, Deserialize)]
struct Silent;

impl RunnableJob<Stage> for Silent {
    const TYPE: &'static str = "silent";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Err("failed".into())
    }

    fn report_vars(&self) -> Vec<(String, String)> {
        panic!("no comment")
    }
}

/// Panics when the job itself is dropped, at the end of its run.
#[derive(Serialize, Deserialize)]
struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("it fell");
        }
    }
}

impl RunnableJob<Stage> for Fragile {
    const TYPE: &'static str = "fragile";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Ok(())
    }
}

/// Fails with an error that panics when it is dropped.
#[derive(Serialize, Deserialize)]
struct Sticky;

#[derive(Debug)]
struct PanicsWhenDropped;

impl Error for PanicsWhenDropped {}

impl fmt::Display for PanicsWhenDropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sticky")
    }
}

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("it sticks");
    }
}

impl RunnableJob<Stage> for Sticky {
    const TYPE: &'static str = "sticky";
    type Error = PanicsWhenDropped;

    async fn run(self, _: Attempt<Stage>) -> Result<(), PanicsWhenDropped> {
        Err(PanicsWhenDropped)
    }
}

/// Fails, and panics when its error is classified.
#[derive(Serialize, Deserialize)]
struct Unsorted;

impl RunnableJob<Stage> for Unsorted {
    const TYPE: &'static str = "unsorted";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Err("failed".into())
    }

    fn classify(_: &BoxError) -> Option<Ask> {
        panic!("no such class")
    }
}

/// Fails with ten megabytes of what no database and no terminal should get.
#[derive(Serialize, Deserialize)]
struct Loud;

impl RunnableJob<Stage> for Loud {
    const TYPE: &'static str = "loud";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        Err("a\0\u{1b}[31m".repeat(10 * 1024 * 1024 / 7).into())
    }
}

/// Runs a job of `J` for the last time, with one of another type; gives its error and what was reported.
async fn failed<J: RunnableJob<Stage>>(job: &J) -> (String, Stage) {
    let stage = Stage::new();
    let options = Options { max_retries: Some(0), ..Options::default() };
    let job = stage.source().create_with(job, &options).await.unwrap();
    stage.create(Play::new("other", Act::Succeed)).await;
    let registry = Registry::new().register::<J>().register::<Usual>();
    let report = stage.script_of(registry, Stage::settings()).run().await.unwrap();
    assert_eq!((count(&report.completed, "usual"), count(&report.incomplete, J::TYPE)), (1, 1));
    let row = stage.row(job.id).await;
    assert_eq!(row.state.status(), JobStatus::Failed);
    assert_eq!(stage.told.reports.lock().len(), 1);
    (row.state.last_error().unwrap().as_str().to_owned(), stage)
}

#[tokio::test]
async fn with_a_payload_that_is_no_text() {
    assert_eq!(failed(&Number).await.0, "panicked: a panic without a text");
}

#[tokio::test]
async fn with_a_payload_that_panics_when_it_is_dropped() {
    assert_eq!(failed(&Grenade).await.0, "panicked: a panic without a text");
}

#[tokio::test]
async fn while_the_state_of_a_handler_is_dropped() {
    assert_eq!(failed(&BadEnd).await.0, "panicked: dropped");
}

#[tokio::test]
async fn while_args_are_read() {
    let (error, stage) = failed(&Unreadable).await;
    assert_eq!(error, "panicked: while reading");
    // It was asked for its variables too, which reads the args again.
    let (name, value) = stage.told.reports.lock()[0].vars[0].clone();
    assert_eq!((name.as_str(), value.as_str()), ("report_vars", "panicked: while reading"));
}

#[tokio::test]
async fn while_an_error_is_shown() {
    assert_eq!(failed(&Shy).await.0, "panicked: do not look");
}

#[tokio::test]
async fn while_it_is_asked_for_its_variables() {
    let (error, stage) = failed(&Silent).await;
    assert_eq!(error, "failed");
    let report = stage.told.reports.lock()[0].clone();
    assert_eq!(report.errors[0].as_str(), "failed");
    assert_eq!(report.vars, [("report_vars".to_owned(), "panicked: no comment".to_owned())]);
}

#[tokio::test]
async fn while_the_job_itself_is_dropped() {
    let stage = Stage::new();
    let job = std::mem::ManuallyDrop::new(Fragile);
    let options = Options { max_retries: Some(0), ..Options::default() };
    let job = stage.source::<Fragile>().create_with(&job, &options).await.unwrap();
    stage.script_of(Registry::new().register::<Fragile>(), Stage::settings()).run().await.unwrap();
    let state = stage.row(job.id).await.state;
    assert_eq!(
        (state.status(), state.last_error().unwrap().as_str()),
        (JobStatus::Failed, "panicked: it fell")
    );
    // It is asked for its variables too, and dropped again.
    assert_eq!(stage.told.reports.lock()[0].vars[0].1, "panicked: it fell");
}

#[tokio::test]
async fn while_an_error_is_dropped() {
    assert_eq!(failed(&Sticky).await.0, "panicked: it sticks");
}

#[tokio::test]
async fn while_an_error_is_classified() {
    assert_eq!(failed(&Unsorted).await.0, "panicked: no such class");
}

#[tokio::test]
async fn ten_megabytes_of_error_are_cut_and_cleaned_wherever_they_go() {
    let (error, stage) = failed(&Loud).await;
    let clean = |text: &str| text.len() <= Text::LONGEST && !text.contains(['\0', '\u{1b}']);
    assert!(clean(&error) && error.ends_with("bytes cut)"), "{} bytes", error.len());
    let report = stage.told.reports.lock()[0].clone();
    assert!(report.errors.iter().all(|it| clean(it.as_str())));
    assert!(stage.attempts(report.job).await.iter().all(|it| clean(it.error.as_ref().unwrap().as_str())));
}

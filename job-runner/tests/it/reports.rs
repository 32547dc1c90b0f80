//! Who hears of a failure: operators by a report, requesters by word, and neither stops anything.

use crate::{
    lines::Lines,
    play::{Act, Play, Wish},
    stage::{Stage, Told, count},
};
use async_trait::async_trait;
use job_core::{
    ActorId, BoxError, JobStatus, Options, Requester,
    store::{JobStoreExt, Operation},
};
use job_runner::{ErrorReport, LogReporter, Notifier, OperatorNotice, Reporter, SectionSettings, UserError};
use std::sync::Arc;
use uuid::Uuid;

#[derive(Debug)]
enum Bad {
    Fails,
    Panics,
    Hangs,
}

impl Bad {
    async fn go(&self) -> Result<(), BoxError> {
        match self {
            Self::Fails => Err("the disk is full".into()),
            Self::Panics => panic!("no reporter"),
            Self::Hangs => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Reporter for Bad {
    async fn report(&self, _: &ErrorReport) -> Result<(), BoxError> {
        self.go().await
    }
}

#[async_trait]
impl Notifier for Bad {
    async fn notify(&self, _: &UserError) -> Result<(), BoxError> {
        self.go().await
    }

    async fn notify_operators(&self, _: &OperatorNotice) -> Result<(), BoxError> {
        self.go().await
    }
}

fn fails() -> Act {
    Act::Fail("broken".to_owned())
}

#[tokio::test]
async fn a_report_says_what_is_known_and_the_note_bears_its_id() {
    let stage = Stage::new();
    let job = stage.create_last(Play::new("it", fails())).await;
    stage.run().await;
    let report = stage.told.reports.lock()[0].clone();
    assert_eq!((report.job, report.type_name.as_str(), report.attempt), (job.id, "usual", 1));
    assert_eq!((report.section.as_str(), report.outcome.as_str()), ("test", "error"));
    assert_eq!(report.operation, "playing it");
    assert_eq!(report.vars, [("label".to_owned(), "it".to_owned())]);
    assert_eq!(report.errors.iter().map(|it| it.as_str()).collect::<Vec<_>>(), ["broken"]);
    assert_eq!(stage.attempts(job.id).await[0].report.as_ref(), Some(&report.id));
    let started = stage.row(job.id).await.state.revision().number() - 1;
    assert_eq!(report.id, format!("{}-{started}", job.id));
}

#[tokio::test]
async fn a_report_that_is_made_again_has_the_same_id_and_another_attempt_has_another() {
    let made = async |labels: &[&str]| {
        let stage = Stage::new();
        let job = stage.create_last(Play::new("it", fails())).await;
        for _ in labels {
            stage.run().await;
            let requeue = Operation::Requeue { keep_attempts: false };
            let by = ActorId::from_uuid(Uuid::from_u128(5));
            stage.store.operate(job.id, requeue, by, stage.opened.clock).await.unwrap();
        }
        let reports = stage.told.reports.lock();
        reports.iter().map(|it| it.id.clone()).collect::<Vec<_>>()
    };
    // The same history twice: the ids are seeded, the runners are others.
    let ids = made(&["first", "second"]).await;
    assert_eq!(ids, made(&["first", "second"]).await);
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn operators_are_told_where_to_look_and_not_what_went_wrong() {
    let stage = Stage::new();
    let job = stage.create_last(Play::new("it", fails())).await;
    stage.create(Play::new("user", Act::Ask(Wish::TellUser("no such page".to_owned())))).await;
    stage.run().await;
    let notices = stage.told.operators.lock().clone();
    assert_eq!(notices.len(), 1);
    assert_eq!((notices[0].job, notices[0].operation.as_str()), (job.id, "playing it"));
    assert_eq!(notices[0].report, stage.told.reports.lock()[0].id);
    assert_eq!(notices[0].recipients, ["ann@example.com"]);
    assert!(!format!("{notices:?}").contains("broken"));
}

#[tokio::test(start_paused = true)]
async fn operators_that_cannot_be_told_make_a_second_report_and_no_third() {
    for bad in [Bad::Fails, Bad::Panics, Bad::Hangs] {
        let stage = Stage::new();
        stage.create_last(Play::new("it", fails())).await;
        stage.script().notifier(Arc::new(bad)).run().await.unwrap();
        let reports = stage.told.reports.lock().clone();
        assert_eq!(reports.iter().map(|it| it.outcome.as_str()).collect::<Vec<_>>(), ["error", "notifier"]);
        assert_eq!(reports[1].id, format!("{}-notifier", reports[0].id));
        assert_eq!(reports[1].vars, reports[0].vars);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reporter_that_fails_leaves_the_report_in_the_log_and_stops_nothing() {
    for (bad, problem) in
        [(Bad::Fails, "the disk is full"), (Bad::Panics, "panicked"), (Bad::Hangs, "no answer in 30s")]
    {
        let stage = Stage::new();
        let job = stage.create_last(Play::new("it", fails())).await;
        let good = stage.create(Play::new("good", Act::Succeed)).await;
        let lines = Lines::keep();
        let report = stage.script().reporter(Arc::new(bad)).run().await.unwrap();
        assert_eq!((count(&report.completed, "usual"), count(&report.incomplete, "usual")), (1, 1));
        assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Failed);
        assert_eq!(stage.row(good.id).await.state.status(), JobStatus::Completed);
        let errors = lines.with("ERROR");
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(errors[0].contains("The reporter failed") && errors[0].contains(problem), "{errors:?}");
        assert!(errors[1].contains("Error while playing it: ") && errors[1].contains("broken"), "{errors:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_fails_makes_a_report_and_stops_nothing() {
    for bad in [Bad::Fails, Bad::Panics, Bad::Hangs] {
        let stage = Stage::new();
        let wish = Act::Ask(Wish::TellUser("no such page".to_owned()));
        let job = stage.create(Play::new("it", wish)).await;
        stage.script().notifier(Arc::new(bad)).run().await.unwrap();
        assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Failed);
        let reports = stage.told.reports.lock();
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0].outcome, "notifier");
        assert_eq!(reports[0].operation, "telling about an error while playing it");
    }
}

#[tokio::test]
async fn a_user_error_tells_the_requester_and_the_recipients() {
    let stage = Stage::new();
    let options = Options { requester: Some(Requester::new("bob").unwrap()), ..Options::default() };
    let wish = Act::Ask(Wish::TellUser("no such page".to_owned()));
    let job = stage.create_with(Play::new("it", wish), &options).await;
    let lines = Lines::keep();
    stage.run().await;
    let told = stage.told.users.lock()[0].clone();
    assert_eq!((told.job, told.type_name.as_str()), (job.id, "usual"));
    assert_eq!((told.operation.as_str(), told.text.as_str()), ("playing it", "no such page"));
    assert_eq!(told.requester.unwrap().as_str(), "bob");
    assert_eq!(told.recipients, ["ann@example.com"]);
    // Nothing that would make an operator look.
    assert_eq!(lines.with("WARN").len() + lines.with("ERROR").len(), 0);
}

#[tokio::test]
async fn each_failure_is_logged_once() {
    let stage = Stage::new();
    stage.create_last(Play::new("last", fails())).await;
    stage.create(Play::new("again", fails())).await;
    let lines = Lines::keep();
    stage.script().reporter(Arc::new(LogReporter)).run().await.unwrap();
    let told = lines.with("broken");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|it| it.starts_with("WARN") && it.contains("to be tried again")), "{told:?}");
    assert!(told.iter().any(|it| it.starts_with("ERROR") && it.contains("failed for good")), "{told:?}");
}

#[tokio::test]
async fn a_notifier_that_fails_is_not_said_to_be_why_the_job_failed() {
    let stage = Stage::new();
    stage.create_last(Play::new("it", fails())).await;
    let lines = Lines::keep();
    let script = stage.script().reporter(Arc::new(LogReporter));
    script.notifier(Arc::new(Bad::Fails)).run().await.unwrap();
    let told = lines.with("ERROR");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains(" failed for good: ") && told[0].contains("broken"), "{told:?}");
    assert!(told[1].contains("while playing it: the disk is full (usual job "), "{told:?}");
    assert_eq!(lines.with("failed for good").len(), 1, "{told:?}");
}

#[tokio::test]
async fn a_folder_for_reports_gets_one_file_each() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new();
    for label in ["first", "second"] {
        stage.create_last(Play::new(label, fails())).await;
    }
    let reports = folder.path().join("deep/reports");
    let settings = SectionSettings { report_dir: Some(reports.clone()), ..Stage::settings() };
    let lines = Lines::keep();
    // Without a reporter of its own.
    let script = job_runner::Script::new(stage.opened.clone(), Stage::registry(), stage.clone(), settings);
    script.unwrap().place(job_runner::Place::Here).run().await.unwrap();
    let mut labels = Vec::new();
    for file in std::fs::read_dir(&reports).unwrap() {
        let path = file.unwrap().path();
        let report: ErrorReport = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), report.id);
        assert_eq!(lines.with(&path.display().to_string()).len(), 1);
        labels.push(report.vars[0].1.clone());
    }
    labels.sort();
    assert_eq!(labels, ["first", "second"]);
}

#[tokio::test]
async fn reports_never_carry_args() {
    let stage = Stage::new();
    stage.create_last(Play::new("it", fails()).keyed("secret")).await;
    let lines = Lines::keep();
    stage.run().await;
    let report = stage.told.reports.lock()[0].clone();
    report.log(None);
    assert!(!serde_json::to_string(&report).unwrap().contains("secret"));
    assert!(lines.with("secret").is_empty());
}

#[tokio::test]
async fn a_report_is_made_only_of_a_failure_that_counts() {
    // A retry that gives way to its successor is nobody's failure.
    let stage = Stage::new();
    let told: Told = stage.told.clone();
    stage.create(Play::new("first", Act::WaitAndFail).keyed("k")).await;
    let run = stage.start(stage.script());
    stage.here("first").await;
    stage.create(Play::new("second", Act::Succeed).keyed("k")).await;
    stage.let_go("first");
    run.await.unwrap().unwrap();
    assert!(told.reports.lock().is_empty());
}

//! What an attempt asks for is found wherever its error carries it.

use crate::stage::Stage;
use job_core::{Ask, Attempt, BoxError, JobStatus, RunnableJob};
use job_runner::Registry;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// An error of the application's own, with a source.
#[derive(Debug, thiserror::Error)]
#[error("the import stopped")]
struct Stopped {
    #[source]
    source: BoxError,
}

/// An error that is a user's business if the job type says so.
#[derive(Debug, thiserror::Error)]
enum Import {
    #[error("line {0} is no date")]
    Line(u32),
    #[error("later")]
    Later(#[source] Ask),
}

/// Carries an ask two sources deep.
#[derive(Serialize, Deserialize)]
struct Deep;

impl RunnableJob<Stage> for Deep {
    const TYPE: &'static str = "deep";
    type Error = BoxError;

    async fn run(self, _: Attempt<Stage>) -> Result<(), BoxError> {
        let inner = Stopped { source: Ask::Suspend("waits for a review".into()).into() };
        Err(Stopped { source: inner.into() })?
    }
}

/// Classifies its own errors; what it does not classify is searched for an ask all the same.
#[derive(Serialize, Deserialize)]
struct Typed {
    later: bool,
}

impl RunnableJob<Stage> for Typed {
    const TYPE: &'static str = "typed";
    type Error = Import;

    async fn run(self, _: Attempt<Stage>) -> Result<(), Import> {
        if self.later {
            Err(Import::Later(Ask::Snooze(Duration::from_secs(60))))
        } else {
            Err(Import::Line(7))
        }
    }

    fn classify(error: &Import) -> Option<Ask> {
        match error {
            Import::Line(_) => Some(Ask::TellUser(error.to_string().into())),
            Import::Later(_) => None,
        }
    }
}

async fn run<J: RunnableJob<Stage>>(job: &J) -> (job_core::Job, Stage) {
    let stage = Stage::new();
    let job = stage.source().create(job).await.unwrap();
    stage.script_of(Registry::new().register::<J>(), Stage::settings()).run().await.unwrap();
    (stage.row(job.id).await, stage)
}

#[tokio::test]
async fn an_ask_among_the_sources_of_an_error_is_found() {
    let (job, stage) = run(&Deep).await;
    assert_eq!(job.state.status(), JobStatus::Suspended);
    assert_eq!(job.state.reason().unwrap().as_str(), "waits for a review");
    let note = stage.attempts(job.id).await[0].clone();
    assert_eq!(note.error.unwrap().as_str().matches("the import stopped").count(), 2);
}

#[tokio::test]
async fn a_type_classifies_its_own_errors() {
    let (job, stage) = run(&Typed { later: false }).await;
    assert_eq!(job.state.status(), JobStatus::Failed);
    assert_eq!(stage.told.users.lock()[0].text.as_str(), "line 7 is no date");
    assert!(stage.told.reports.lock().is_empty());
}

#[tokio::test]
async fn what_a_type_does_not_classify_is_searched_for_an_ask() {
    let (job, _) = run(&Typed { later: true }).await;
    assert_eq!((job.state.status(), job.state.attempt_count()), (JobStatus::Waiting, 0));
}

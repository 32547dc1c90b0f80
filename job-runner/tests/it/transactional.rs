//! A handler that completes its job itself: counted as completed, and written by nobody else.

use crate::{
    recorder::Counts,
    scribe::{Said, Scribe, with},
    stage::{Stage, count},
};
use job_core::{
    Ask, Attempt, BoxError, Completed, Completion, JobStatus, JsonError, TransactionalJob, UniqueKey,
    UniqueScope, store::JobStoreExt,
};
use job_runner::{Registry, SectionSettings};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// What it does around its completion.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Books {
    /// Completes.
    Balance,
    /// Completes, and fails after that: the reply to its commit was lost.
    FailAfter,
    /// Fails before it completes.
    FailBefore,
    /// Asks for a rest instead.
    Rest,
    /// Waits to be let go, then completes.
    Wait,
    /// Completes with the right to complete another.
    Swap,
}

impl TransactionalJob<Stage> for Books {
    const TYPE: &'static str = "books";
    const SCOPE: UniqueScope = UniqueScope::Kept;
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Stage>, completion: Completion) -> Result<Completed, BoxError> {
        let stage = attempt.context.clone();
        match self {
            Self::Balance => Ok(job_store_mem::complete(&stage.store, completion)?),
            Self::FailAfter => {
                let _completed = job_store_mem::complete(&stage.store, completion)?;
                Err("the connection broke".into())
            }
            Self::FailBefore => Err("the books do not balance".into()),
            Self::Rest => Err(Ask::Snooze(Duration::from_secs(5)).into()),
            Self::Wait => {
                stage.pass("wait").await?;
                Ok(job_store_mem::complete(&stage.store, completion)?)
            }
            Self::Swap => {
                let parts = completion.parts();
                let other = stage.store.get(stage.other()).await?.ok_or("no other")?;
                let swapped = Completion::new(other, parts.by, parts.store, parts.then);
                Ok(job_store_mem::complete(&stage.store, swapped)?)
            }
        }
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
        match self {
            Self::Rest => UniqueKey::by("rest"),
            _ => Ok(None),
        }
    }
}

fn registry() -> Registry<Stage> {
    Registry::new().register_transactional::<Books>()
}

async fn create(stage: &Stage, books: &Books) -> job_core::Job {
    let source = job_core::JobSource::<Books>::new(stage.opened.store.clone());
    source.create(books).await.unwrap()
}

async fn run(stage: &Stage) -> job_runner::RunReport {
    stage.script_of(registry(), Stage::settings()).run().await.unwrap()
}

#[tokio::test]
async fn its_own_completion_is_the_only_write() {
    let (stage, store) = Stage::unsteady();
    let job = create(&stage, &Books::Balance).await;
    let report = run(&stage).await;
    assert_eq!(count(&report.completed, "books"), 1);
    let row = stage.row(job.id).await;
    assert_eq!((row.state.status(), row.change_count()), (JobStatus::Completed, 2));
    assert_eq!(store.calls("apply") + store.calls("exchange"), 0);
}

#[tokio::test]
async fn an_error_after_its_own_completion_counts_as_completed() {
    let stage = Stage::new();
    let job = create(&stage, &Books::FailAfter).await;
    let report = run(&stage).await;
    assert_eq!((count(&report.completed, "books"), report.stale), (1, 0));
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Completed);
    assert!(stage.told.reports.lock().is_empty());
}

#[tokio::test]
async fn an_error_before_it_is_an_error_and_an_ask_is_an_ask() {
    let stage = Stage::new();
    let failed = create(&stage, &Books::FailBefore).await;
    let rests = create(&stage, &Books::Rest).await;
    let report = run(&stage).await;
    assert_eq!(count(&report.incomplete, "books"), 2);
    let state = stage.row(failed.id).await.state;
    assert_eq!((state.status(), state.attempt_count()), (JobStatus::Waiting, 1));
    assert_eq!(state.last_error().unwrap().as_str(), "the books do not balance");
    assert_eq!(stage.row(rests.id).await.state.attempt_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn after_its_job_was_lost_its_transaction_rolls_back() {
    let stage = Stage::new();
    let job = create(&stage, &Books::Wait).await;
    let run = stage.start(stage.script_of(registry(), Stage::settings()));
    stage.here("wait").await;
    let by = job_core::ActorId::from_uuid(uuid::Uuid::from_u128(9));
    let cancel = job_core::store::Operation::Cancel("no more".into());
    stage.store.operate(job.id, cancel, by, stage.opened.clock).await.unwrap();
    stage.let_go("wait");
    let report = run.await.unwrap().unwrap();
    // It failed with AttemptLost, and that error could not be written either.
    assert_eq!((report.stale, count(&report.incomplete, "books")), (1, 1));
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Cancelled);
}

#[tokio::test]
async fn deletes_its_row_where_the_section_says_so() {
    let stage = Stage::new();
    let job = create(&stage, &Books::Balance).await;
    let settings = SectionSettings { delete_completed: true, ..Stage::settings() };
    let report = stage.script_of(registry(), settings).run().await.unwrap();
    assert_eq!(count(&report.completed, "books"), 1);
    assert!(stage.store.get(job.id).await.unwrap().is_none());
}

#[tokio::test]
async fn the_proof_of_another_job_is_an_error() {
    let stage = Stage::new();
    let other = create(&stage, &Books::Wait).await;
    stage.set_other(other.id);
    let swaps = create(&stage, &Books::Swap).await;
    let run = stage.start(stage.script_of(registry(), Stage::settings()));
    stage.here("wait").await;
    while !stage.row(other.id).await.state.status().is_final() {
        tokio::task::yield_now().await;
    }
    stage.let_go("wait");
    run.await.unwrap().unwrap();
    let error = stage.row(swaps.id).await.state.last_error().unwrap().clone();
    assert_eq!(error.as_str(), format!("the handler returned the proof of another job, {}", other.id));
}

#[tokio::test]
async fn its_completion_is_counted_and_told_to_hooks_as_any_other() {
    for books in [Books::Balance, Books::FailAfter] {
        let stage = Stage::new();
        create(&stage, &books).await;
        let (said, counts) = (Said::default(), Counts::default());
        let _kept = counts.keep();
        let script = stage.script_of(registry(), Stage::settings());
        script.hooks(Arc::new(Scribe("it", said.clone()))).run().await.unwrap();
        let expected = ["it waiting to running", "it running to completed by done"];
        assert_eq!(with(&said, &[" to "]), expected, "{books:?}");
        assert_eq!(counts.value("jobs_completed_total books"), 1.0);
        assert_eq!(counts.values("jobs_run_seconds books").len(), 1);
    }
}

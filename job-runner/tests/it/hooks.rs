//! Hooks are called around sections and attempts and on each change, in order, and can stop nothing but a section.

use crate::{
    play::{Act, Brief, Play, Wish},
    scribe::{Said, Scribe, with},
    stage::{Stage, count},
};
use async_trait::async_trait;
use job_core::{
    BoxError, Job, JobStatus, NoteFilter, NoteKind, Outcome, SectionName,
    store::{Claim, Deletion, JobStore, Notes},
};
use job_runner::{Changed, Hooks, Place, RunReport, ScriptError, WorkerError};
use job_testing::factory::{claim, limit, named, noon};
use std::sync::Arc;

/// What a bad hook does, wherever it is called.
#[derive(Clone, Copy, Debug)]
enum Bad {
    Fails,
    Panics,
    Hangs,
}

/// Everywhere, but where it enters and leaves a section if it is told so.
#[derive(Debug)]
struct Wicked {
    bad: Bad,
    enters: bool,
}

impl Wicked {
    async fn go(&self) -> Result<(), BoxError> {
        match self.bad {
            Bad::Fails => Err("not today".into()),
            Bad::Panics => panic!("not today"),
            Bad::Hangs => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Hooks for Wicked {
    fn name(&self) -> &'static str {
        "wicked"
    }

    async fn enter_section(&self, _: &SectionName) -> Result<(), BoxError> {
        if self.enters { Ok(()) } else { self.go().await }
    }

    async fn leave_section(&self, _: &SectionName, _: &RunReport) -> Result<(), BoxError> {
        self.go().await
    }

    async fn before_attempt(&self, _: &Job) -> Result<(), BoxError> {
        self.go().await
    }

    async fn after_attempt(&self, _: &Job, _: &Outcome) -> Result<(), BoxError> {
        self.go().await
    }

    async fn changed(&self, _: &Job, _: &Changed) -> Result<(), BoxError> {
        self.go().await
    }
}

#[tokio::test]
async fn they_are_called_in_order_and_left_in_the_reverse_order() {
    let stage = Stage::new();
    stage.create(Play::new("it", Act::Succeed)).await;
    let said = Said::default();
    let script = stage.script().hooks(Arc::new(Scribe("first", said.clone())));
    script.hooks(Arc::new(Scribe("second", said.clone()))).run().await.unwrap();
    let around = with(&said, &["enters", "leaves"]);
    let expected = [
        "first enters test",
        "second enters test",
        "second leaves test after 1",
        "first leaves test after 1",
    ];
    assert_eq!(around, expected);
    let all = said.lock().clone();
    assert!(all.starts_with(&around[..2]) && all.ends_with(&around[2..]), "{all:?}");
    assert_eq!(
        with(&said, &["before", "after done"]),
        ["first before 1", "second before 1", "second after done", "first after done"]
    );
    assert_eq!(
        with(&said, &[" to "]),
        [
            "first waiting to running",
            "second waiting to running",
            "first running to completed by done",
            "second running to completed by done"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_called_from_the_threads_of_production_too() {
    let stage = Stage::new();
    for _ in 0..20 {
        stage.create(Play::new("it", Act::Succeed)).await;
    }
    let said = Said::default();
    let script = stage.script().place(Place::Threads).hooks(Arc::new(Scribe("it", said.clone())));
    script.run().await.unwrap();
    for call in ["waiting to running", "before", "after done", "running to completed"] {
        assert_eq!(with(&said, &[call]).len(), 20, "{call}");
    }
    assert_eq!(said.lock().last().unwrap(), "it leaves test after 20");
}

#[tokio::test]
async fn each_change_is_told_with_the_status_before_it() {
    let table = [
        (Act::Fail("no".to_owned()), "running to waiting by error"),
        (Act::Ask(Wish::Suspend("wait".to_owned())), "running to suspended by suspend"),
        (Act::Ask(Wish::Cancel("no".to_owned())), "running to cancelled by cancel"),
        (Act::Ask(Wish::TellUser("no".to_owned())), "running to failed by user-error"),
    ];
    for (act, change) in table {
        let stage = Stage::new();
        stage.create(Play::new("it", act)).await;
        let said = Said::default();
        stage.script().hooks(Arc::new(Scribe("it", said.clone()))).run().await.unwrap();
        assert_eq!(with(&said, &[" to "]), ["it waiting to running".to_owned(), format!("it {change}")]);
    }
}

#[tokio::test]
async fn an_end_that_does_not_count_changes_nothing() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Wait)).await;
    let said = Said::default();
    let run = stage.start(stage.script().hooks(Arc::new(Scribe("it", said.clone()))));
    stage.here("it").await;
    stage.store.delete(&Deletion::Ids(vec![job.id])).await.unwrap();
    stage.let_go("it");
    run.await.unwrap().unwrap();
    assert_eq!(with(&said, &[" to "]), ["it waiting to running"]);
    assert_eq!(with(&said, &["before", "after done"]), ["it before 1", "it after done"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_panics_or_hangs_is_reported_and_stops_neither_the_job_nor_the_others() {
    for bad in [Bad::Fails, Bad::Panics, Bad::Hangs] {
        let stage = Stage::new();
        let job = stage.create(Play::new("it", Act::Succeed)).await;
        let said = Said::default();
        let script = stage.script().hooks(Arc::new(Wicked { bad, enters: true }));
        let report = script.hooks(Arc::new(Scribe("good", said.clone()))).run().await.unwrap();
        assert_eq!(count(&report.completed, "usual"), 1, "{bad:?}");
        assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Completed);
        let called = with(&said, &["good"]);
        assert_eq!((called.len(), called[0].as_str()), (6, "good enters test"), "{called:?}");
        // Before, after, and on two changes; the one after the section has no job to be reported with.
        let reports = stage.told.reports.lock().clone();
        assert_eq!(reports.len(), 4, "{reports:?}");
        assert!(reports.iter().all(|it| it.job == job.id && it.outcome == "hook"));
        assert!(reports.iter().all(|it| it.operation.starts_with("calling the hook wicked ")));
        assert!(stage.told.operators.lock().is_empty(), "the job itself did not fail");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_all_the_time_of_an_attempt_times_it_out_and_its_handler_is_not_called() {
    let stage = Stage::new();
    let job = stage.source().create(&Brief(Play::new("it", Act::Succeed))).await.unwrap();
    let wicked = Arc::new(Wicked { bad: Bad::Hangs, enters: true });
    let report = stage.script().hooks(wicked).run().await.unwrap();
    assert_eq!(stage.attempts(job.id).await[0].outcome, "time-out");
    assert!(stage.ran().is_empty());
    assert_eq!(report.zombies, 0);
}

#[tokio::test(start_paused = true)]
async fn a_section_that_one_refuses_is_not_run_and_those_that_were_entered_are_left() {
    for bad in [Bad::Fails, Bad::Panics, Bad::Hangs] {
        let stage = Stage::new();
        let job = stage.create(Play::new("it", Act::Succeed)).await;
        let said = Said::default();
        let good = Arc::new(Scribe("good", said.clone()));
        let wicked = Arc::new(Wicked { bad, enters: false });
        let script = stage.script().hooks(good.clone()).hooks(wicked.clone());
        let error = script.run().await.unwrap_err();
        assert!(matches!(&error, ScriptError::Hook { hook: "wicked", .. }), "{error}");
        let worker = stage.worker().hooks(good).hooks(wicked);
        let error = worker.run().await.unwrap_err();
        assert!(matches!(&error, WorkerError::Hook { hook: "wicked", .. }), "{error}");
        let twice = ["good enters test", "good leaves test after 0"].repeat(2);
        assert_eq!(*said.lock(), twice, "{bad:?}");
        assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Waiting);
        let filter = NoteFilter { kind: Some(NoteKind::Run), ..NoteFilter::default() };
        assert!(stage.store.notes(&filter, limit(9)).await.unwrap().is_empty(), "no run, no record");
        // The lock was given up: the next one runs.
        assert_eq!(count(&stage.run().await.completed, "usual"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_enters_once_and_leaves_when_it_stops() {
    let stage = Stage::new();
    stage.let_time_flow();
    stage.create(Play::new("it", Act::Wait)).await;
    let said = Said::default();
    let run = stage.start_worker(stage.worker().hooks(Arc::new(Scribe("it", said.clone()))));
    stage.here("it").await;
    stage.let_go("it");
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(with(&said, &["enters", "leaves"]), ["it enters test"]);
    stage.stop.cancel();
    run.await.unwrap().unwrap();
    assert_eq!(said.lock().last().unwrap(), "it leaves test after 1");
}

#[tokio::test]
async fn a_rescue_is_a_change_too() {
    let stage = Stage::new();
    stage.create_last(Play::new("it", Act::Succeed)).await;
    let died = Claim { types: vec![named("usual")], ..claim(stage.opened.clock) };
    assert_eq!(stage.store.claim(&died).await.unwrap().jobs.len(), 1);
    stage.store.set_now(noon() + died.lease);
    let said = Said::default();
    stage.script().hooks(Arc::new(Scribe("it", said.clone()))).run().await.unwrap();
    assert_eq!(with(&said, &[" to ", "before"]), ["it running to failed by lapse"]);
}

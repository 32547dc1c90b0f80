//! At most one script of a section runs at a time, on any machine.

use crate::{
    play::{Act, Play},
    stage::{SECOND, Stage, count},
    unsteady::Fault,
};
use job_core::{
    ActorId, Clock, JobStatus, LockName, NoteFilter, NoteKind, RunNote,
    store::{JobStore, Lock, LockRequest, Notes, Switch, Switches},
};
use job_runner::{ScriptError, SectionSettings};
use job_testing::factory::{limit, named, noon};
use std::time::Duration;
use uuid::Uuid;

/// A request for the lock of the section, from elsewhere.
fn elsewhere(lease: Duration) -> LockRequest {
    LockRequest {
        name: LockName::new("section/test").unwrap(),
        by: ActorId::from_uuid(Uuid::from_u128(3)),
        holder: "far-away pid 12".into(),
        lease,
        clock: Clock::Store,
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_script_is_told_who_runs_and_until_when() {
    let stage = Stage::new();
    stage.create(Play::new("it", Act::Wait)).await;
    let run = stage.start(stage.script());
    stage.here("it").await;
    let error = stage.script().run().await.unwrap_err();
    let ScriptError::SectionRunning { section, holder, until, left } = &error else { panic!("{error}") };
    assert_eq!(section.as_str(), "test");
    assert!(holder.as_str().ends_with(&format!(" pid {}", std::process::id())), "{holder}");
    // A lease and a beat, so that it outlasts what was claimed before the last beat.
    assert_eq!(*until, noon() + 40 * SECOND);
    assert!(*left <= 40 * SECOND && *left > 35 * SECOND, "{left:?}");
    assert!(error.to_string().starts_with("section test is running elsewhere: "), "{error}");
    // Another section is nobody's business.
    let other = SectionSettings { name: named("other"), ..Stage::settings() };
    assert!(stage.script_with(other).run().await.unwrap().is_idle());
    stage.let_go("it");
    run.await.unwrap().unwrap();
    // Given up at the end, not only when its lease ends.
    assert!(stage.run().await.is_idle());
}

#[tokio::test(start_paused = true)]
async fn a_script_may_wait_for_the_other() {
    let stage = Stage::new();
    stage.let_time_flow();
    let waiting = SectionSettings { wait_for_lock: true, ..Stage::settings() };
    stage.store.lock(&elsewhere(20 * SECOND)).await.unwrap();
    let job = stage.create(Play::new("it", Act::Succeed)).await;
    let run = stage.start(stage.script_with(waiting));
    tokio::time::sleep(15 * SECOND).await;
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Waiting);
    // The other one died: its lease ends the wait.
    let report = run.await.unwrap().unwrap();
    assert_eq!(count(&report.completed, "usual"), 1);
}

#[tokio::test(start_paused = true)]
async fn who_takes_over_from_a_dead_script_finds_all_that_it_held() {
    let stage = Stage::new();
    stage.let_time_flow();
    stage.create(Play::new("first", Act::Wait)).await;
    let last = stage.create(Play::new("last", Act::Wait)).await;
    let one = SectionSettings { concurrency: limit(1), ..Stage::settings() };
    let dead = stage.start(stage.script_with(one.clone()));
    stage.here("first").await;
    // Claimed just before the beat that would have renewed the lock.
    tokio::time::sleep(Duration::from_millis(9_800)).await;
    stage.let_go("first");
    stage.here("last").await;
    dead.abort();
    let next = stage.start(stage.script_with(SectionSettings { wait_for_lock: true, ..one }));
    stage.here("last").await;
    stage.let_go("last");
    stage.let_go("last");
    let report = next.await.unwrap().unwrap();
    assert_eq!((report.rescued, count(&report.completed, "usual")), (1, 1));
    assert_eq!(stage.row(last.id).await.state.attempt_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_waits_can_be_stopped() {
    let stage = Stage::new();
    stage.store.lock(&elsewhere(3600 * SECOND)).await.unwrap();
    stage.create(Play::new("it", Act::Succeed)).await;
    let waiting = SectionSettings { wait_for_lock: true, ..Stage::settings() };
    let run = stage.start(stage.script_with(waiting));
    tokio::time::sleep(10 * SECOND).await;
    stage.stop.cancel();
    assert!(run.await.unwrap().unwrap().is_idle());
    assert!(stage.ran().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_script_that_loses_its_lock_claims_nothing_more_and_says_so() {
    let stage = Stage::new();
    let first = stage.create(Play::new("first", Act::Wait)).await;
    let second = stage.create(Play::new("second", Act::Succeed)).await;
    let one = SectionSettings { concurrency: limit(1), ..Stage::settings() };
    let run = stage.start(stage.script_with(one));
    stage.here("first").await;
    // Its lease ended, and another script took the section.
    stage.store.set_now(noon() + 41 * SECOND);
    assert!(matches!(stage.store.lock(&elsewhere(60 * SECOND)).await.unwrap(), Lock::Taken { .. }));
    tokio::time::sleep(11 * SECOND).await;
    stage.let_go("first");
    let error = run.await.unwrap().unwrap_err();
    let ScriptError::LockLost { report, .. } = &error else { panic!("{error}") };
    assert_eq!(count(&report.completed, "usual"), 1);
    assert_eq!(stage.row(first.id).await.state.status(), JobStatus::Completed);
    assert_eq!(stage.row(second.id).await.state.status(), JobStatus::Waiting);
    // It leaves the lock to its new holder.
    assert!(matches!(stage.script().run().await, Err(ScriptError::SectionRunning { .. })));
}

#[tokio::test(start_paused = true)]
async fn the_lock_is_renewed_while_the_section_runs() {
    let stage = Stage::new();
    stage.let_time_flow();
    stage.create(Play::new("it", Act::Wait)).await;
    let run = stage.start(stage.script());
    stage.here("it").await;
    tokio::time::sleep(100 * SECOND).await;
    assert!(matches!(stage.script().run().await, Err(ScriptError::SectionRunning { .. })));
    stage.let_go("it");
    run.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_disabled_section_does_not_run() {
    let stage = Stage::new();
    stage.create(Play::new("it", Act::Succeed)).await;
    let disabled = Switch::DisableSection(named("test"));
    stage.store.set(&disabled, true).await.unwrap();
    let error = stage.script().run().await.unwrap_err();
    assert!(matches!(error, ScriptError::SectionDisabled { .. }), "{error}");
    assert!(stage.ran().is_empty());
    let filter = NoteFilter { kind: Some(NoteKind::Run), ..NoteFilter::default() };
    assert!(stage.store.notes(&filter, limit(10)).await.unwrap().is_empty(), "it leaves no record");
    stage.store.set(&disabled, false).await.unwrap();
    assert_eq!(count(&stage.run().await.completed, "usual"), 1);
}

#[tokio::test]
async fn a_run_leaves_a_record_and_one_that_could_not_run_does_not() {
    let stage = Stage::new();
    stage.create(Play::new("good", Act::Succeed)).await;
    stage.create(Play::new("bad", Act::Fail("no".to_owned()))).await;
    stage.run().await;
    stage.store.lock(&elsewhere(60 * SECOND)).await.unwrap();
    stage.script().run().await.unwrap_err();
    let filter = NoteFilter { kind: Some(NoteKind::Run), ..NoteFilter::default() };
    let notes = stage.store.notes(&filter, limit(10)).await.unwrap();
    assert_eq!(notes.len(), 1);
    let body: RunNote = notes[0].note.body.decode().unwrap();
    assert_eq!((count(&body.completed, "usual"), count(&body.incomplete, "usual")), (1, 1));
    assert!(body.started >= noon() && body.finished >= body.started);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_could_not_be_given_up_fails_nothing() {
    let (stage, store) = Stage::unsteady();
    stage.create(Play::new("it", Act::Succeed)).await;
    store.next("lock", [Fault::None]);
    store.always("lock", Fault::Away);
    assert_eq!(count(&stage.run().await.completed, "usual"), 1);
}

//! Jobs of runners that were not heard of again are given back, or failed.

use crate::{
    play::{Act, Play},
    stage::{SECOND, Stage, count},
    unsteady::Fault,
};
use job_core::{
    ActorId, JobStatus,
    store::{Claim, Held, JobStore, Renewed, Switch, Switches},
};
use job_runner::SectionSettings;
use job_testing::factory::{claim, limit, named, noon};
use std::sync::Arc;
use tokio::sync::Semaphore;
use uuid::Uuid;

#[tokio::test]
async fn jobs_of_runners_that_died_are_given_back_and_run_at_once() {
    let stage = Stage::new();
    let first = stage.create(Play::new("first", Act::Succeed)).await;
    let last = stage.create_last(Play::new("last", Act::Succeed)).await;
    let dead = ActorId::from_uuid(Uuid::from_u128(1));
    let died = Claim {
        by: dead,
        types: Stage::registry().type_names(),
        limit: limit(10),
        ..claim(stage.opened.clock)
    };
    let claimed = stage.store.claim(&died).await.unwrap();
    assert_eq!(claimed.jobs.len(), 2);
    // While the lease holds, they are left alone.
    assert!(stage.run().await.is_idle());
    stage.store.set_now(noon() + died.lease);
    let report = stage.run().await;
    assert_eq!((report.rescued, count(&report.completed, "usual")), (2, 1));
    assert_eq!(stage.row(first.id).await.state.status(), JobStatus::Completed);
    let note = stage.attempts(first.id).await[0].clone();
    assert_eq!((note.outcome.as_str(), note.runner), ("lapse", dead));
    // The other one has no attempt left.
    assert_eq!(stage.row(last.id).await.state.status(), JobStatus::Failed);
    let reports = stage.told.reports.lock().clone();
    assert_eq!((reports.len(), reports[0].job), (1, last.id));
    assert_eq!(stage.attempts(last.id).await[0].report.as_deref(), Some(reports[0].id.as_str()));
}

#[tokio::test]
async fn a_row_that_lapsed_and_is_not_readable_fails_and_only_once_its_lease_has_ended() {
    let (stage, store) = Stage::unsteady();
    let job = stage.create(Play::new("it", Act::Succeed)).await;
    let died = Claim { types: vec![named("usual")], ..claim(stage.opened.clock) };
    assert_eq!(stage.store.claim(&died).await.unwrap().jobs.len(), 1);
    store.make_unreadable(job.id);
    assert_eq!(stage.run().await.rescued, 0);
    stage.store.set_now(noon() + died.lease);
    assert_eq!(stage.run().await.rescued, 1);
    let state = stage.row(job.id).await.state;
    assert_eq!((state.status(), state.crash_count()), (JobStatus::Failed, 1));
    assert_eq!(stage.told.reports.lock()[0].outcome, "lapse");
}

#[tokio::test]
async fn a_job_that_keeps_killing_its_runner_is_given_up() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Succeed)).await;
    let settings = SectionSettings { crash_limit: 2, ..Stage::settings() };
    let paused = Switch::PauseType(named("usual"));
    let mut now = noon();
    for crash in 1..=3 {
        let died = Claim { types: vec![named("usual")], ..claim(stage.opened.clock) };
        assert_eq!(stage.store.claim(&died).await.unwrap().jobs.len(), 1);
        now = now + 3600 * SECOND;
        stage.store.set_now(now);
        // It is rescued, and not run here.
        stage.store.set(&paused, true).await.unwrap();
        assert_eq!(stage.script_with(settings.clone()).run().await.unwrap().rescued, 1);
        stage.store.set(&paused, false).await.unwrap();
        now = now + 3600 * SECOND;
        stage.store.set_now(now);
        assert_eq!(stage.row(job.id).await.state.crash_count(), crash);
    }
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Failed);
    assert_eq!(stage.told.reports.lock()[0].outcome, "lapse");
}

#[tokio::test]
async fn jobs_of_other_types_are_left_to_those_who_know_them() {
    let stage = Stage::new();
    let job = stage.create(Play::new("it", Act::Succeed)).await;
    let died = Claim { types: vec![named("usual")], ..claim(stage.opened.clock) };
    stage.store.claim(&died).await.unwrap();
    stage.store.set_now(noon() + 3600 * SECOND);
    let others = SectionSettings { types: vec![named("brief")], ..Stage::settings() };
    assert_eq!(stage.script_with(others).run().await.unwrap().rescued, 0);
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Running);
}

#[tokio::test]
async fn a_thousand_lapsed_jobs_are_rescued_page_by_page() {
    let stage = Stage::new();
    for n in 0..1000 {
        stage.create(Play::new(&n.to_string(), Act::Succeed)).await;
    }
    let died = Claim { types: vec![named("usual")], limit: limit(1000), ..claim(stage.opened.clock) };
    assert_eq!(stage.store.claim(&died).await.unwrap().jobs.len(), 1000);
    stage.store.set_now(noon() + 3600 * SECOND);
    let report = stage.run().await;
    assert_eq!((report.rescued, count(&report.completed, "usual")), (1000, 1000));
}

#[tokio::test]
async fn a_lease_that_is_renewed_while_it_is_judged_is_left_to_its_owner() {
    let (stage, store) = Stage::unsteady();
    let job = stage.create(Play::new("it", Act::Succeed)).await;
    let owner = Claim { types: vec![named("usual")], ..claim(stage.opened.clock) };
    let held = stage.store.claim(&owner).await.unwrap().jobs.remove(0);
    stage.store.set_now(noon() + owner.lease);
    let permits = Arc::new(Semaphore::new(0));
    store.next("apply", [Fault::Held(permits.clone())]);
    let run = stage.start(stage.script());
    while store.calls("apply") == 0 {
        tokio::task::yield_now().await;
    }
    // Late, and nobody took it: it is still the owner's.
    let renewal = Held { id: job.id, revision: held.state.revision(), progress: None };
    let renewed = stage.store.renew(&[renewal], owner.lease, stage.opened.clock).await.unwrap();
    assert!(matches!(renewed[0], Renewed::Until(_)));
    permits.add_permits(1);
    assert_eq!(run.await.unwrap().unwrap().rescued, 0);
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Running);
}

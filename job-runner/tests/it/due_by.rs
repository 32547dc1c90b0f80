//! A script runs what was due when it began, in order, within its slots, and nothing that came later.

use crate::{
    play::{Act, Play, Usual, Wish},
    stage::{Stage, count},
};
use job_core::{JobStatus, Options, Start, UniqueKey};
use job_runner::SectionSettings;
use job_testing::factory::{limit, named, noon};
use std::time::Duration;

#[tokio::test]
async fn jobs_that_are_enqueued_during_the_run_are_left() {
    let stage = Stage::new();
    stage.create(Play::new("first", Act::Wait)).await;
    let run = stage.start(stage.script());
    stage.here("first").await;
    stage.store.set_now(noon() + Duration::from_secs(1));
    let late = stage.create(Play::new("late", Act::Succeed)).await;
    stage.let_go("first");
    let report = run.await.unwrap().unwrap();
    assert_eq!(count(&report.completed, "usual"), 1);
    assert_eq!(stage.row(late.id).await.state.status(), JobStatus::Waiting);
    assert_eq!(count(&stage.run().await.completed, "usual"), 1);
}

#[tokio::test]
async fn a_job_that_is_put_off_for_no_time_at_all_is_left_too() {
    let long_ago = "2001-01-01T00:00:00Z".to_owned();
    for wish in [Wish::Snooze(0), Wish::RetryIn(0), Wish::RetryAt(long_ago)] {
        let stage = Stage::new();
        let job = stage.create(Play::new("it", Act::Ask(wish.clone()))).await;
        stage.run().await;
        assert_eq!(stage.ran().len(), 1, "{wish:?}");
        let state = stage.row(job.id).await.state;
        assert_eq!(state.status(), JobStatus::Waiting, "{wish:?}");
        assert!(state.scheduled_start() > noon(), "{wish:?}");
    }
}

#[tokio::test]
async fn no_end_is_dated_before_its_start_though_the_clock_of_the_store_jumps() {
    let stage = Stage::new();
    stage.create(Play::new("first", Act::Wait)).await;
    let second = stage.create(Play::new("second", Act::Succeed)).await;
    let one = SectionSettings { concurrency: limit(1), ..Stage::settings() };
    let run = stage.start(stage.script_with(one));
    stage.here("first").await;
    stage.store.set_now(noon() + Duration::from_secs(3600));
    stage.let_go("first");
    run.await.unwrap().unwrap();
    let state = stage.row(second.id).await.state;
    assert_eq!(state.date_started(), Some(noon() + Duration::from_secs(3600)));
    assert!(state.date_finished() >= state.date_started(), "{state:?}");
}

#[tokio::test]
async fn what_is_not_due_yet_is_left() {
    let stage = Stage::new();
    let options = Options { start: Start::In(Duration::from_secs(60)), ..Options::default() };
    stage.create_with(Play::new("it", Act::Succeed), &options).await;
    assert!(stage.run().await.is_idle());
    stage.store.set_now(noon() + Duration::from_secs(60));
    assert_eq!(count(&stage.run().await.completed, "usual"), 1);
}

#[tokio::test]
async fn jobs_start_by_priority_then_age() {
    let stage = Stage::new();
    for (label, priority) in [("c", 0), ("d", 0), ("a", 9), ("e", -1), ("b", 1)] {
        let options = Options { priority: Some(priority), ..Options::default() };
        stage.create_with(Play::new(label, Act::Succeed), &options).await;
    }
    let one = SectionSettings { concurrency: limit(1), ..Stage::settings() };
    stage.script_with(one).run().await.unwrap();
    assert_eq!(stage.ran(), ["a", "b", "c", "d", "e"]);
}

#[tokio::test]
async fn never_more_run_at_a_time_than_there_are_slots_and_all_slots_are_used() {
    let stage = Stage::new();
    let labels: Vec<String> = (0..12).map(|it| it.to_string()).collect();
    for label in &labels {
        stage.create(Play::new(label, Act::Wait)).await;
    }
    let three = SectionSettings { concurrency: limit(3), ..Stage::settings() };
    let run = stage.start(stage.script_with(three));
    for label in &labels[..3] {
        stage.here(label).await;
    }
    for (done, label) in labels.iter().enumerate() {
        assert_eq!(stage.ran().len(), (done + 3).min(12));
        stage.let_go(label);
        if let Some(next) = labels.get(done + 3) {
            stage.here(next).await;
        }
    }
    assert_eq!(count(&run.await.unwrap().unwrap().completed, "usual"), 12);
}

#[tokio::test]
async fn a_slow_job_does_not_hold_up_the_free_slots() {
    let stage = Stage::new();
    stage.create(Play::new("slow", Act::Wait)).await;
    for n in 0..50 {
        stage.create(Play::new(&n.to_string(), Act::Succeed)).await;
    }
    let two = SectionSettings { concurrency: limit(2), ..Stage::settings() };
    let run = stage.start(stage.script_with(two));
    stage.here("slow").await;
    while stage.ran().len() < 51 {
        tokio::task::yield_now().await;
    }
    stage.let_go("slow");
    assert_eq!(count(&run.await.unwrap().unwrap().completed, "usual"), 51);
}

#[tokio::test]
async fn jobs_of_one_turn_run_one_after_the_other_in_one_script() {
    let stage = Stage::new();
    let first = stage.create(Play::new("first", Act::Wait).keyed("k")).await;
    let run = stage.start(stage.script());
    stage.here("first").await;
    // Its key is free while it runs, and its turn is not.
    stage.store.set_now(noon());
    let second = stage.create(Play::new("second", Act::Succeed).keyed("k")).await;
    assert_eq!(second.spec.unique.unwrap().key, UniqueKey::of("k").unwrap());
    assert_eq!(second.spec.turn, first.spec.turn);
    stage.let_go("first");
    let report = run.await.unwrap().unwrap();
    // Enqueued at the very time of the run, it was due by then.
    assert_eq!(count(&report.completed, "usual"), 2);
    assert_eq!(stage.ran(), ["first", "second"]);
}

#[tokio::test]
async fn the_successor_of_a_turn_starts_while_others_still_run() {
    let stage = Stage::new();
    stage.create(Play::new("slow", Act::Wait)).await;
    stage.create(Play::new("first", Act::Wait).keyed("k")).await;
    let run = stage.start(stage.script());
    stage.here("slow").await;
    stage.here("first").await;
    stage.create(Play::new("second", Act::Wait).keyed("k")).await;
    stage.let_go("first");
    stage.here("second").await;
    stage.let_go("second");
    stage.let_go("slow");
    assert_eq!(count(&run.await.unwrap().unwrap().completed, "usual"), 3);
}

#[tokio::test]
async fn queues_take_turns() {
    let stage = Stage::new();
    for n in 1..=3 {
        stage.create(Play::new(&format!("a{n}"), Act::Succeed)).await;
    }
    let options = Options { queue: Some(named("other")), ..Options::default() };
    for n in 1..=3 {
        stage.create_with(Play::new(&format!("b{n}"), Act::Succeed), &options).await;
    }
    let section = SectionSettings {
        types: vec![named("usual")],
        queues: vec![named("other")],
        concurrency: limit(1),
        ..Stage::settings()
    };
    stage.script_with(section).run().await.unwrap();
    assert_eq!(stage.ran(), ["a1", "b1", "a2", "b2", "a3", "b3"]);
}

#[tokio::test]
async fn a_job_that_asks_again_while_its_successor_waits_gives_way() {
    let stage = Stage::new();
    let first = stage.create(Play::new("first", Act::WaitAndFail).keyed("k")).await;
    let run = stage.start(stage.script());
    stage.here("first").await;
    let second = stage.create(Play::new("second", Act::Succeed).keyed("k")).await;
    stage.let_go("first");
    run.await.unwrap().unwrap();
    let state = stage.row(first.id).await.state;
    assert_eq!((state.status(), state.superseded_by()), (JobStatus::Cancelled, Some(second.id)));
    assert_eq!(stage.row(second.id).await.state.status(), JobStatus::Completed);
}

#[tokio::test]
async fn queues_that_no_type_names_are_looked_into_only_if_the_section_says_so() {
    let stage = Stage::new();
    let options = Options { queue: Some(named("imports")), ..Options::default() };
    stage.source().create_with(&Usual(Play::new("it", Act::Succeed)), &options).await.unwrap();
    assert!(stage.run().await.is_idle());
    let section = SectionSettings { queues: vec![named("imports")], ..Stage::settings() };
    assert_eq!(count(&stage.script_with(section).run().await.unwrap().completed, "usual"), 1);
}

#[tokio::test]
async fn a_section_runs_its_own_types_only() {
    let stage = Stage::new();
    stage.create(Play::new("it", Act::Succeed)).await;
    let section = SectionSettings { types: vec![named("brief")], ..Stage::settings() };
    assert!(stage.script_with(section).run().await.unwrap().is_idle());
    assert!(stage.ran().is_empty());
}

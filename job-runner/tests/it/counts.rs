//! What is counted and measured, and where.

use crate::{
    play::{Act, Brief, Play, Wish},
    recorder::Counts,
    stage::{SECOND, Stage},
};
use job_core::{
    ActorId, Options, Start,
    store::{Claim, Deletion, JobStore, JobStoreExt, Operation},
};
use job_testing::factory::{claim, named, noon};
use uuid::Uuid;

/// The counters, without their suffix.
fn counted(counts: &Counts) -> Vec<(String, f64)> {
    counts.counted().into_iter().map(|(name, value)| (name.replace("_total", ""), value)).collect()
}

fn expected(counts: &[(&str, f64)]) -> Vec<(String, f64)> {
    counts.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

#[tokio::test]
async fn every_end_of_an_attempt_has_its_counter() {
    let stage = Stage::new();
    for _ in 0..2 {
        stage.create(Play::new("good", Act::Succeed)).await;
    }
    stage.create(Play::new("again", Act::Fail("no".to_owned()))).await;
    stage.create_last(Play::new("last", Act::Panic("no".to_owned()))).await;
    let wishes = [
        Wish::Retry,
        Wish::Snooze(9),
        Wish::Suspend("a".to_owned()),
        Wish::Cancel("b".to_owned()),
        Wish::TellUser("c".to_owned()),
    ];
    for wish in wishes {
        stage.create(Play::new("asks", Act::Ask(wish))).await;
    }
    let counts = Counts::default();
    let _kept = counts.keep();
    stage.run().await;
    let all = [
        ("jobs_cancelled usual", 1.0),
        ("jobs_completed usual", 2.0),
        ("jobs_failed usual", 2.0),
        ("jobs_retried usual", 2.0),
        ("jobs_snoozed usual", 1.0),
        ("jobs_started usual", 9.0),
        ("jobs_suspended usual", 1.0),
    ];
    assert_eq!(counted(&counts), expected(&all));
    assert_eq!(counts.values("jobs_run_seconds usual").len(), 9);
}

#[tokio::test]
async fn what_others_did_to_a_running_job_is_counted_too() {
    let stage = Stage::new();
    let counts = Counts::default();
    let _kept = counts.keep();
    let stale = stage.create(Play::new("stale", Act::Wait)).await;
    let gone = stage.create(Play::new("gone", Act::Wait)).await;
    stage.create(Play::new("first", Act::WaitAndFail).keyed("k")).await;
    let run = stage.start(stage.script());
    for label in ["stale", "gone", "first"] {
        stage.here(label).await;
    }
    let cancel = Operation::Cancel("no".into());
    let operator = ActorId::from_uuid(Uuid::from_u128(9));
    stage.store.operate(stale.id, cancel, operator, stage.opened.clock).await.unwrap();
    stage.store.delete(&Deletion::Ids(vec![gone.id])).await.unwrap();
    stage.create(Play::new("second", Act::Succeed).keyed("k")).await;
    for label in ["stale", "gone", "first"] {
        stage.let_go(label);
    }
    run.await.unwrap().unwrap();
    for event in ["jobs_stale usual", "jobs_gone usual", "jobs_superseded usual"] {
        assert!(counted(&counts).contains(&(event.to_owned(), 1.0)), "{event}: {:?}", counted(&counts));
    }
}

#[tokio::test]
async fn a_rescue_and_the_retry_that_it_is_are_counted() {
    let stage = Stage::new();
    stage.create(Play::new("it", Act::Succeed)).await;
    let died = Claim { types: vec![named("usual")], ..claim(stage.opened.clock) };
    assert_eq!(stage.store.claim(&died).await.unwrap().jobs.len(), 1);
    stage.store.set_now(noon() + died.lease);
    let counts = Counts::default();
    let _kept = counts.keep();
    stage.run().await;
    let all = [
        ("jobs_completed usual", 1.0),
        ("jobs_rescued usual", 1.0),
        ("jobs_retried usual", 1.0),
        ("jobs_started usual", 1.0),
    ];
    assert_eq!(counted(&counts), expected(&all));
}

#[tokio::test(start_paused = true)]
async fn the_wait_from_when_a_job_was_due_and_the_time_it_ran_are_measured() {
    let stage = Stage::new();
    let options = Options { start: Start::At(noon() + 5 * SECOND), ..Options::default() };
    stage.create_with(Play::new("it", Act::Wait), &options).await;
    stage.store.set_now(noon() + 12 * SECOND);
    let counts = Counts::default();
    let _kept = counts.keep();
    let run = stage.start(stage.script());
    stage.here("it").await;
    tokio::time::sleep(3 * SECOND).await;
    stage.let_go("it");
    run.await.unwrap().unwrap();
    assert_eq!(counts.value("jobs_wait_seconds usual").floor(), 7.0);
    assert_eq!(counts.value("jobs_run_seconds usual").floor(), 3.0);
}

#[tokio::test(start_paused = true)]
async fn gauges_say_what_runs_what_is_free_and_what_is_a_zombie() {
    let stage = Stage::new();
    stage.source().create(&Brief(Play::new("hangs", Act::Hang))).await.unwrap();
    stage.create(Play::new("waits", Act::Wait)).await;
    let counts = Counts::default();
    let _kept = counts.keep();
    let run = stage.start(stage.script());
    stage.here("waits").await;
    let gauge = |name: &str| counts.value(&format!("{name} test"));
    assert_eq!(counts.values("jobs_slots_free test")[0], 10.0);
    tokio::time::sleep(SECOND / 2).await;
    assert_eq!((gauge("jobs_running"), gauge("jobs_slots_free")), (2.0, 8.0));
    tokio::time::sleep(10 * SECOND).await;
    stage.let_go("waits");
    run.await.unwrap().unwrap();
    // Nothing is left behind that would look like a run.
    assert_eq!((gauge("jobs_running"), gauge("jobs_slots_free"), gauge("jobs_unsettled")), (0.0, 0.0, 0.0));
    assert_eq!(gauge("jobs_zombies"), 1.0);
    assert_eq!(counts.value("jobs_zombies_total brief"), 1.0);
}

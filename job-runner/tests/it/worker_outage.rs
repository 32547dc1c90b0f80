//! A worker outlives its store, and an outage starts nothing twice.

use crate::{
    lines::Lines,
    play::{Act, Play},
    stage::{SECOND, Stage, count},
    unsteady::{Fault, Unsteady},
};
use job_core::{JobStatus, store::Opened};
use job_runner::{LeaseDoubt, SectionSettings};
use job_testing::factory::limit;
use tokio::time::sleep;
const METHODS: [&str; 12] = [
    "now", "switches", "claim", "exchange", "apply", "renew", "append", "lapsed", "list", "count", "delete",
    "lock",
];

fn go_away(stores: &[&Unsteady], fault: &Fault) {
    for store in stores {
        METHODS.iter().for_each(|method| store.always(method, fault.clone()));
    }
}

/// A stage, and two handles of its store that go away for themselves, with wake-ups.
fn two_handles() -> (Stage, [(Unsteady, Stage); 2]) {
    let stage = Stage::new();
    stage.let_time_flow();
    let handles = [(); 2].map(|()| {
        let store = Unsteady::new(&stage.store);
        let opened = Opened { wake: stage.opened.wake.clone(), ..store.opened() };
        (store, stage.through(opened))
    });
    (stage, handles)
}

/// Two hundred handlers in one worker, while the store has this fault for three leases and another worker stands by.
async fn outage_of_three_leases(fault: Fault, doubt: LeaseDoubt) -> Stage {
    let (stage, [(first, one), (second, other)]) = two_handles();
    let settings = SectionSettings { concurrency: limit(200), lease_doubt: doubt, ..Stage::settings() };
    let worker = one.start_worker(one.worker_with(settings.clone()));
    for n in 1..=200 {
        stage.create(Play::new(&n.to_string(), Act::Work(n))).await;
    }
    while stage.lives.now() < 200 {
        sleep(SECOND / 10).await;
    }
    let beside = other.start_worker(other.worker_with(settings));
    sleep(7 * SECOND).await;
    go_away(&[&first, &second], &fault);
    sleep(90 * SECOND).await;
    go_away(&[&first, &second], &Fault::None);
    sleep(600 * SECOND).await;
    stage.stop.cancel();
    let reports = [worker.await.unwrap().unwrap(), beside.await.unwrap().unwrap()];
    assert_eq!(reports.iter().map(|it| count(&it.completed, "usual")).sum::<u64>(), 200);
    assert_eq!(reports.iter().map(|it| it.rescued).sum::<u64>(), 0);
    stage
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_three_leases_lets_no_two_handlers_of_a_job_live_and_repeats_none_that_ended() {
    for fault in [Fault::Away, Fault::Broken] {
        let stage = outage_of_three_leases(fault, LeaseDoubt::Stop).await;
        assert_eq!(stage.lives.overlaps(), [""; 0]);
        assert!(stage.lives.done().values().all(|it| *it == 1));
        // Those that were told to stop had to run again.
        assert!(stage.ran().len() > 200 && stage.ran().len() <= 400, "{}", stage.ran().len());
    }
}

#[tokio::test(start_paused = true)]
async fn who_carries_on_through_an_outage_is_started_once() {
    for fault in [Fault::Away, Fault::Broken] {
        let stage = outage_of_three_leases(fault, LeaseDoubt::CarryOn).await;
        assert_eq!(stage.ran().len(), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_heeds_the_doubt_about_its_lease_is_given_back() {
    let (stage, [(store, one), _]) = two_handles();
    let job = stage.create(Play::new("it", Act::Heed)).await;
    let run = one.start_worker(one.worker());
    stage.here("it").await;
    go_away(&[&store], &Fault::Away);
    sleep(40 * SECOND).await;
    stage.stop.cancel();
    go_away(&[&store], &Fault::None);
    run.await.unwrap().unwrap();
    let state = stage.row(job.id).await.state;
    assert_eq!((state.status(), state.attempt_count(), state.crash_count()), (JobStatus::Waiting, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn it_never_ends_because_the_store_is_away_or_broken_and_says_so_once() {
    let failing = ["does not do what it is asked", "does again what it is asked"];
    let cases = [(Fault::Away, ["is not available", "is available again"]), (Fault::Broken, failing)];
    for (fault, says) in cases {
        let (stage, [(store, one), _]) = two_handles();
        let lines = Lines::keep();
        let run = one.start_worker(one.worker());
        sleep(5 * SECOND).await;
        go_away(&[&store], &fault);
        sleep(3600 * SECOND).await;
        assert!(!run.is_finished());
        go_away(&[&store], &Fault::None);
        let job = stage.create(Play::new("it", Act::Succeed)).await;
        sleep(5 * SECOND).await;
        assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Completed);
        assert_eq!(says.map(|it| lines.with(it).len()), [1, 1], "{:?}", lines.all());
        assert_eq!(lines.with("The job store").len(), 2, "{:?}", lines.all());
        stage.stop.cancel();
        run.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_at_the_start_is_waited_for() {
    let (stage, [(store, one), _]) = two_handles();
    go_away(&[&store], &Fault::Away);
    let job = stage.create(Play::new("it", Act::Succeed)).await;
    let run = one.start_worker(one.worker());
    sleep(300 * SECOND).await;
    assert!(!run.is_finished());
    go_away(&[&store], &Fault::None);
    sleep(5 * SECOND).await;
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Completed);
    stage.stop.cancel();
    run.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_the_store_refuses_it() {
    let (stage, [(store, one), _]) = two_handles();
    stage.create(Play::new("it", Act::Succeed)).await;
    store.always("claim", Fault::Denied);
    let error = one.worker().run().await.unwrap_err();
    assert!(error.to_string().contains("cannot go on"), "{error}");
}

//! Whatever fails, and whenever it is told to stop: no job is lost, none is repeated, and none waits for a lease.

use crate::{
    play::{Act, Play, Wish},
    stage::{SECOND, Stage, count},
    unsteady::{Fault, Unsteady},
};
use job_core::{
    JobStatus,
    store::{Filter, JobStore, Opened},
};
use job_runner::SectionSettings;
use job_testing::factory::limit;
use proptest::prelude::*;
use std::time::Duration;
use tokio::time::{sleep, timeout};
const METHODS: [&str; 10] =
    ["now", "switches", "lapsed", "claim", "exchange", "apply", "renew", "append", "list", "delete"];

fn in_paused_time(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(test);
}

fn unsteady() -> (Stage, Unsteady) {
    let stage = Stage::new();
    let store = Unsteady::new(&stage.store);
    let opened = Opened { wake: stage.opened.wake.clone(), ..store.opened() };
    let stage = stage.through(opened);
    stage.let_time_flow();
    (stage, store)
}

async fn in_status(stage: &Stage, status: JobStatus) -> u64 {
    let filter = Filter { statuses: Some(vec![status]), ..Filter::default() };
    stage.store.count(&filter, 10_000).await.unwrap().jobs
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => Just(Fault::None),
        1 => Just(Fault::Away),
        1 => Just(Fault::ReplyLost),
        1 => Just(Fault::Broken),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::Succeed),
        (0..20_u64).prop_map(Act::Work),
        (0..20_u64).prop_map(Act::WorkOn),
        Just(Act::Fail("no".to_owned())),
        Just(Act::Panic("no".to_owned())),
        Just(Act::Ask(Wish::Snooze(1))),
        Just(Act::Hang),
    ]
}

fn settings() -> impl Strategy<Value = SectionSettings> {
    // From 64 slots on, two calls to the store may be under way.
    (prop_oneof![4 => 1..8_u32, 1 => 64..66_u32], prop_oneof![Just(None), (0..8_u32).prop_map(Some)])
        .prop_map(|(slots, prefetch)| SectionSettings {
            concurrency: limit(slots),
            prefetch,
            grace: 5 * SECOND,
            ..Stage::settings()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_history_of_faults_loses_or_repeats_a_job(
        faults in proptest::collection::vec((0..METHODS.len(), fault()), 0..60),
        jobs in 1..40_usize,
        settings in settings(),
    ) {
        in_paused_time(async {
            let (stage, store) = unsteady();
            let run = stage.start_worker(stage.worker_with(settings));
            sleep(SECOND).await;
            for (method, fault) in faults {
                store.next(METHODS[method], [fault]);
            }
            for n in 0..jobs {
                stage.through(stage.store.opened()).create(Play::new(&n.to_string(), Act::Succeed)).await;
            }
            let done = async {
                while in_status(&stage, JobStatus::Completed).await < jobs as u64 {
                    sleep(SECOND).await;
                }
            };
            timeout(120 * SECOND, done).await.unwrap();
            for method in METHODS {
                store.always(method, Fault::None);
            }
            sleep(30 * SECOND).await;
            stage.stop.cancel();
            let report = run.await.unwrap().unwrap();
            assert_eq!(count(&report.completed, "usual"), jobs as u64);
            assert_eq!((stage.ran().len(), report.stale, report.gone), (jobs, 0, 0));
        });
    }

    #[test]
    fn whenever_it_is_told_to_stop_it_leaves_nothing_running(
        acts in proptest::collection::vec(act(), 1..30),
        settings in settings(),
        stop in 0..30_000_u64,
    ) {
        in_paused_time(async {
            let (stage, _) = unsteady();
            for (n, act) in acts.iter().enumerate() {
                stage.create(Play::new(&n.to_string(), act.clone())).await;
            }
            let run = stage.start_worker(stage.worker_with(settings));
            sleep(Duration::from_millis(stop)).await;
            stage.stop.cancel();
            timeout(6 * SECOND, run).await.unwrap().unwrap().unwrap();
            assert_eq!(in_status(&stage, JobStatus::Running).await, 0);
        });
    }
}

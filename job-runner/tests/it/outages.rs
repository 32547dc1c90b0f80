//! A store that fails for a while loses nothing; one that fails for longer ends the run, and loses nothing either.

use crate::{
    play::{Act, Play, Wish},
    stage::{Stage, count},
    unsteady::Fault,
};
use job_core::{JobStatus, store::StoreError};
use job_runner::{ScriptError, SectionSettings};
use job_testing::factory::limit;
use proptest::prelude::*;
use std::time::Duration;

const METHODS: [&str; 9] =
    ["now", "switches", "lock", "lapsed", "claim", "exchange", "apply", "renew", "append"];

#[tokio::test(start_paused = true)]
async fn every_call_may_fail_a_few_times() {
    for method in METHODS {
        for fault in [Fault::Away, Fault::ReplyLost] {
            let (stage, store) = Stage::unsteady();
            store.next(method, vec![fault.clone(); 3]);
            let mut jobs = Vec::new();
            for n in 0..5 {
                jobs.push(stage.create(Play::new(&n.to_string(), Act::Succeed)).await);
            }
            let puts_off = stage.create(Play::new("off", Act::Ask(Wish::Retry)).keyed("k")).await;
            let two = SectionSettings { concurrency: limit(2), ..Stage::settings() };
            let report = stage.script_with(two).run().await.unwrap();
            assert_eq!(count(&report.completed, "usual"), 5, "{method} {fault:?}");
            assert_eq!(stage.ran().len(), 6, "{method} {fault:?}: each once");
            for job in jobs {
                assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Completed, "{method}");
            }
            assert_eq!(stage.row(puts_off.id).await.state.status(), JobStatus::Waiting, "{method}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_reply_is_lost_strands_no_job() {
    let (stage, store) = Stage::unsteady();
    let job = stage.create(Play::new("it", Act::Succeed)).await;
    store.next("claim", [Fault::ReplyLost]);
    let report = stage.run().await;
    assert_eq!(count(&report.completed, "usual"), 1);
    // It was found again, and not taken for the job of a dead runner.
    let state = stage.row(job.id).await.state;
    assert_eq!((state.attempt_count(), state.crash_count()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_change_whose_reply_is_lost_counts_once() {
    let (stage, store) = Stage::unsteady();
    for n in 0..3 {
        stage.create_last(Play::new(&n.to_string(), Act::Fail("no".to_owned()))).await;
    }
    for method in ["exchange", "apply"] {
        store.next(method, [Fault::ReplyLost, Fault::ReplyLost]);
    }
    let report = stage.run().await;
    assert_eq!((count(&report.incomplete, "usual"), report.stale), (3, 0));
    assert_eq!(stage.told.reports.lock().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_somebody_holds_locked_is_settled_later() {
    let (stage, store) = Stage::unsteady();
    let job = stage.create(Play::new("it", Act::Succeed)).await;
    for method in ["exchange", "apply"] {
        store.next(method, vec![Fault::Busy; 5]);
    }
    let report = stage.run().await;
    assert_eq!((count(&report.completed, "usual"), report.stale), (1, 0));
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Completed);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stays_away_ends_the_run_after_a_lease_and_the_next_run_finishes() {
    let (stage, store) = Stage::unsteady();
    let job = stage.create(Play::new("it", Act::Wait)).await;
    let run = stage.start(stage.script());
    stage.here("it").await;
    for method in METHODS {
        store.always(method, Fault::Away);
    }
    stage.let_go("it");
    let error = run.await.unwrap().unwrap_err();
    let ScriptError::Store { source, report, .. } = &error else { panic!("{error}") };
    assert!(source.is_transient());
    assert_eq!(count(&report.completed, "usual"), 0);
    for method in METHODS {
        store.always(method, Fault::None);
    }
    stage.store.set_now(job_testing::factory::noon() + Duration::from_secs(3600));
    stage.let_go("it");
    let report = stage.run().await;
    assert_eq!((report.rescued, count(&report.completed, "usual")), (1, 1));
    assert_eq!(stage.row(job.id).await.state.attempt_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_breaks_ends_the_run_at_once() {
    for method in ["now", "switches", "lock", "lapsed", "claim"] {
        let (stage, store) = Stage::unsteady();
        stage.create(Play::new("it", Act::Succeed)).await;
        store.always(method, Fault::Broken);
        let error = stage.script().run().await.unwrap_err();
        let ScriptError::Store { source: StoreError::Other(_), .. } = &error else { panic!("{error}") };
        assert!(stage.ran().is_empty(), "{method}");
    }
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![4 => Just(Fault::None), 1 => Just(Fault::Away), 1 => Just(Fault::ReplyLost)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever fails when, and however many there are: every job runs exactly once and is completed.
    #[test]
    fn no_history_of_faults_loses_or_repeats_a_job(
        faults in proptest::collection::vec((0..METHODS.len(), fault()), 0..60),
        jobs in 1..40_usize,
        slots in 1..8_u32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let (stage, store) = Stage::unsteady();
            for (method, fault) in faults {
                store.next(METHODS[method], [fault]);
            }
            for n in 0..jobs {
                stage.create(Play::new(&n.to_string(), Act::Succeed)).await;
            }
            let settings = SectionSettings { concurrency: limit(slots), ..Stage::settings() };
            let report = stage.script_with(settings).run().await.unwrap();
            assert_eq!(count(&report.completed, "usual"), jobs as u64);
            assert_eq!((stage.ran().len(), report.stale, report.gone), (jobs, 0, 0));
        });
    }
}

//! With many slots two calls to the store are under way at a time: the store works on one half while the other runs.

use crate::{
    play::{Act, Play},
    stage::{Stage, count},
    unsteady::{Fault, Unsteady},
};
use job_runner::SectionSettings;
use job_testing::factory::limit;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::sleep};

fn wide(slots: u32) -> SectionSettings {
    SectionSettings { concurrency: limit(slots), ..Stage::settings() }
}

async fn stage(jobs: usize) -> (Stage, Unsteady) {
    let (stage, store) = Stage::unsteady();
    for n in 0..jobs {
        stage.create(Play::new(&n.to_string(), Act::Succeed)).await;
    }
    (stage, store)
}

#[tokio::test(start_paused = true)]
async fn the_halves_of_many_slots_are_filled_by_two_calls_and_few_slots_by_one() {
    for (slots, calls) in [(64, 2), (63, 1)] {
        let (stage, store) = stage(200).await;
        let answers = Arc::new(Semaphore::new(0));
        store.always("claim", Fault::Held(answers.clone()));
        let run = tokio::spawn(stage.script_with(wide(slots)).run());
        sleep(Duration::from_secs(1)).await;
        assert_eq!(store.calls("claim"), calls, "{slots} slots");
        answers.add_permits(1000);
        let report = run.await.unwrap().unwrap();
        assert_eq!((count(&report.completed, "usual"), stage.ran().len()), (200, 200));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_finds_nothing_does_not_hide_what_the_other_lost() {
    for lost in [[Fault::ReplyLost, Fault::None], [Fault::None, Fault::ReplyLost]] {
        let (stage, store) = stage(40).await;
        store.next("claim", lost);
        let report = stage.script_with(wide(100)).run().await.unwrap();
        assert_eq!((count(&report.completed, "usual"), stage.ran().len()), (40, 40));
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_holds_over_both_calls() {
    let (stage, _) = stage(200).await;
    let settings = SectionSettings { limit: Some(70), ..wide(100) };
    let report = stage.script_with(settings).run().await.unwrap();
    assert_eq!((count(&report.completed, "usual"), stage.ran().len()), (70, 70));
}

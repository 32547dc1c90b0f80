//! What a handler is told after its end says nothing about that end.

use crate::{
    play::{Act, Play},
    stage::Stage,
    unsteady::{Fault, Unsteady},
};
use job_core::JobStatus;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::sleep};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_failure_counts_although_its_lease_comes_in_doubt_before_it_can_be_stored() {
    let stage = Stage::new();
    let store = Unsteady::new(&stage.store);
    let stage = stage.through(store.opened());
    stage.create(Play::new("first", Act::WaitAndFail).keyed("k")).await;
    let job = stage.create_last(Play::new("it", Act::WaitAndFail)).await;
    let run = stage.start_worker(stage.worker());
    stage.here("first").await;
    stage.here("it").await;
    let answers = Arc::new(Semaphore::new(0));
    store.always("apply", Fault::Held(answers.clone()));
    store.always("renew", Fault::Away);
    // Its key is taken back by a call that nothing else goes with.
    stage.let_go("first");
    sleep(SECOND).await;
    assert_eq!(store.calls("apply"), 1);
    stage.let_go("it");
    // Past the instant at which the leases are in doubt.
    sleep(29 * SECOND).await;
    answers.add_permits(1);
    sleep(SECOND).await;
    assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Failed);
    let attempts = stage.attempts(job.id).await;
    assert_eq!(attempts[0].error.as_ref().unwrap().as_str(), "told to fail");
    run.abort();
}

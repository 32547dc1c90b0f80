//! A section under a database role of its own: all that a runner does, it does with the rights of a worker.

use crate::{
    bed::Bed,
    errand::{Act, Errand, Ran},
    schema::Schema,
};
use job_core::{
    JobSource, JobStatus,
    store::{Filter, Opened, Opener, StoreError, StoreUrl, Switch},
};
use job_runner::{Registry, RunReport, Script, Worker};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

async fn opened(url: &StoreUrl) -> Opened {
    job_store_pg::Opener.open(url).await.unwrap()
}

/// A job that succeeds, and one that fails for good.
async fn enqueue(owner: &Opened) {
    let errands = JobSource::<Errand>::new(owner.store.clone());
    for (name, act) in [("good", Act::Succeed), ("bad", Act::Fail)] {
        errands.create(&Errand { retries: 0, ..Errand::new(name, [act]) }).await.unwrap();
    }
}

fn assert_ran(report: &RunReport) {
    let [completed, incomplete] = [&report.completed, &report.incomplete].map(|it| it.values().sum::<u64>());
    assert_eq!((completed, incomplete), (1, 1));
}

/// T21
#[tokio::test(flavor = "multi_thread")]
async fn a_script_and_a_worker_run_all_they_have_with_the_rights_of_a_worker() {
    let Some(mut schema) = Schema::new() else { return };
    schema.roles = true;
    let owner = opened(&schema.url()).await;
    let url = StoreUrl { role: Some(format!("{}_worker", schema.name)), ..schema.url() };
    let pause = Switch::PauseType("errand".parse().unwrap());
    let refused = opened(&url).await.switches.set(&pause, true).await.unwrap_err();
    assert!(matches!(refused, StoreError::Denied(_)), "it is the role that connects: {refused}");
    let registry = Arc::new(Registry::new().register::<Errand>());

    enqueue(&owner).await;
    let script = Script::new(opened(&url).await, registry.clone(), Ran::default(), Bed::settings()).unwrap();
    assert_ran(&script.run().await.unwrap());

    let (ready, stop) = (CancellationToken::new(), CancellationToken::new());
    let worker = Worker::new(opened(&url).await, registry, Ran::default(), Bed::settings()).unwrap();
    let worker = worker.ready_token(ready.clone()).stop_token(stop.clone());
    let mut working = tokio::spawn(worker.run());
    ready.cancelled().await;
    enqueue(&owner).await;
    let pending =
        Filter { statuses: Some(vec![JobStatus::Waiting, JobStatus::Running]), ..Filter::default() };
    let settled = async {
        while owner.store.count(&pending, 1).await.unwrap().jobs > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = settled => stop.cancel(),
        ended = &mut working => panic!("{ended:?}"),
        () = sleep(Duration::from_secs(30)) => panic!("not settled"),
    }
    assert_ran(&working.await.unwrap().unwrap());
}

//! All stands still but the heart: the handler blocks, and so does the runtime that opened the store and runs the worker.

use crate::bed::{Bed, over_every_store};
use job_core::{
    Attempt, BoxError, JobSource, RunnableJob,
    store::{Opener, StoreUrl},
};
use job_runner::{Registry, RunReport, SectionSettings, Worker};
use serde::{Deserialize, Serialize};
use std::{
    sync::{Arc, Barrier},
    thread,
    time::Duration,
};
use tokio::{
    runtime::Builder,
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

over_every_store! {
    a_worker_keeps_its_leases_while_the_runtime_that_opened_its_store_stands_still,
}

const LEASE: Duration = Duration::from_secs(3);

/// Where the handler, the runtime and the test meet in the end.
#[derive(Clone, Debug)]
struct Meeting {
    began: UnboundedSender<()>,
    end: Arc<Barrier>,
}

/// Blocks until the end.
#[derive(Deserialize, Serialize)]
struct Blocks;

impl RunnableJob<Meeting> for Blocks {
    const TYPE: &'static str = "blocks";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Meeting>) -> Result<(), BoxError> {
        attempt.context.began.send(())?;
        attempt.context.end.wait();
        Ok(())
    }
}

/// Runs a worker, and from when a handler has begun until the end nothing else.
async fn works(
    opener: Arc<dyn Opener>,
    url: StoreUrl,
    still: UnboundedSender<()>,
    end: Arc<Barrier>,
) -> RunReport {
    let (began, mut begins) = unbounded_channel();
    let settings = SectionSettings { lease: LEASE, beat: LEASE / 6, ..Bed::settings() };
    let (opened, stop) = (opener.open(&url).await.unwrap(), CancellationToken::new());
    let meeting = Meeting { began, end: end.clone() };
    let worker = Worker::new(opened, Registry::new().register::<Blocks>(), meeting, settings).unwrap();
    let run = tokio::spawn(worker.stop_token(stop.clone()).run());
    begins.recv().await.unwrap();
    still.send(()).unwrap();
    end.wait();
    stop.cancel();
    run.await.unwrap().unwrap()
}

async fn a_worker_keeps_its_leases_while_the_runtime_that_opened_its_store_stands_still(bed: Bed) {
    let blocks = JobSource::<Blocks>::new::<job_core::Plain<Meeting>>(bed.opened.store.clone());
    let job = blocks.create(&Blocks).await.unwrap();
    let (still, mut stands) = unbounded_channel();
    let end = Arc::new(Barrier::new(3));
    let run = works(bed.opener.clone(), bed.url.clone(), still, end.clone());
    let working = thread::spawn(|| Builder::new_current_thread().enable_all().build().unwrap().block_on(run));

    timeout(Duration::from_secs(30), stands.recv()).await.expect("a handler begins").unwrap();
    let lease_ends = async || bed.job(job.id).await.state.lease().expect("it runs").expires;
    let first = lease_ends().await;
    let outlived = async {
        while lease_ends().await < first + LEASE {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(30), outlived).await.expect("its lease is renewed");
    end.wait();
    let report = working.join().unwrap();
    assert_eq!((report.completed.values().sum::<u64>(), report.stale), (1, 0));
}

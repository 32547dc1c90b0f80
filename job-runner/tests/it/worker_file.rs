//! Workers on a real file, as in production: threads, and each its own handle of the store.

use crate::{
    play::{Act, Play},
    stage::{Stage, count},
};
use job_core::{
    JobStatus,
    store::{Filter, Opener, StoreUrl},
};
use job_runner::{Place, Worker};
use std::time::Duration;
use tokio::time::{sleep, timeout};

const JOBS: u64 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_on_a_file_run_each_job_once_and_at_once_and_stop_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let url = StoreUrl::new(format!("sqlite:{}", folder.path().join("jobs.sqlite3").display()));
    let opener = job_store_sqlite::Opener;
    let stage = Stage::new().through(opener.open(&url).await.unwrap());
    let mut runs = Vec::new();
    for _ in 0..2 {
        let opened = opener.open(&url).await.unwrap();
        let worker = Worker::new(opened, Stage::registry(), stage.clone(), Stage::settings()).unwrap();
        runs.push(stage.start_worker(worker.place(Place::Threads).stop_token(stage.stop.clone())));
    }
    for n in 0..JOBS {
        stage.create(Play::new(&n.to_string(), Act::Succeed)).await;
    }
    let done = Filter { statuses: Some(vec![JobStatus::Completed]), ..Filter::default() };
    let all_done = async {
        while stage.opened.store.count(&done, JOBS).await.unwrap().jobs < JOBS {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(60), all_done).await.unwrap();
    // Both are idle now. One is woken, by its own process, and does not wait for its poll.
    stage.create(Play::new("one more", Act::Wait)).await;
    timeout(Duration::from_secs(5), stage.here("one more")).await.unwrap();
    stage.let_go("one more");
    stage.stop.cancel();
    let mut completed = 0;
    for run in runs {
        let report = timeout(Duration::from_secs(20), run).await.unwrap().unwrap().unwrap();
        assert_eq!((report.stale, report.gone, report.rescued), (0, 0, 0));
        completed += count(&report.completed, "usual");
    }
    assert_eq!(completed, JOBS + 1);
    let mut ran = stage.ran();
    ran.sort();
    ran.dedup();
    assert_eq!(ran.len() as u64, JOBS + 1);
}

//! What a worker costs that has nothing to do.

use crate::{
    play::{Act, Play, Wish},
    stage::Stage,
    unsteady::Unsteady,
};
use job_core::{JobStatus, QueueName, store::Opened};
use job_runner::SectionSettings;
use job_testing::factory::limit;
use std::time::Duration;
use tokio::time::sleep;

const METHODS: [&str; 12] = [
    "now", "switches", "claim", "exchange", "apply", "renew", "append", "lapsed", "list", "count", "delete",
    "lock",
];

fn calls(store: &Unsteady) -> usize {
    METHODS.iter().map(|it| store.calls(it)).sum()
}

#[tokio::test(start_paused = true)]
async fn an_idle_worker_makes_at_most_two_calls_a_second_however_many_queues_it_has() {
    for extra in [0, 3, 20] {
        let stage = Stage::new();
        let store = Unsteady::new(&stage.store);
        let opened = Opened { wake: stage.opened.wake.clone(), ..store.opened() };
        let stage = stage.through(opened);
        stage.let_time_flow();
        let queues = (0..extra).map(|it| QueueName::new(format!("queue-{it}")).unwrap()).collect();
        let retention = Some(Duration::from_secs(3600));
        let settings = SectionSettings { queues, retention, concurrency: limit(100), ..Stage::settings() };
        let run = stage.start_worker(stage.worker_with(settings));
        let job = stage.create(Play::new("it", Act::Succeed)).await;
        sleep(Duration::from_secs(30)).await;
        assert_eq!(stage.row(job.id).await.state.status(), JobStatus::Completed);
        let before = calls(&store);
        sleep(Duration::from_secs(600)).await;
        let made = calls(&store) - before;
        assert!(made <= 2 * 600, "{extra} more queues: {made}");
        assert_eq!((store.calls("renew"), store.calls("lock")), (0, 0));
        run.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn final_jobs_are_deleted_once_they_are_older_than_the_section_keeps_them() {
    let stage = Stage::new();
    stage.let_time_flow();
    let settings = SectionSettings { retention: Some(Duration::from_secs(600)), ..Stage::settings() };
    let done = stage.create(Play::new("done", Act::Succeed)).await;
    let pending = stage.create(Play::new("pending", Act::Ask(Wish::Suspend("later".to_owned())))).await;
    let run = stage.start_worker(stage.worker_with(settings));
    sleep(Duration::from_secs(590)).await;
    stage.row(done.id).await;
    sleep(Duration::from_secs(90)).await;
    assert!(job_core::store::JobStoreExt::get(&stage.store, done.id).await.unwrap().is_none());
    assert_eq!(stage.row(pending.id).await.state.status(), JobStatus::Suspended);
    run.abort();
}

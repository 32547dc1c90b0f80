//! An end that the store fails at, whatever it is sent with, holds up no other.

use crate::{
    play::{Act, Play},
    stage::{SECOND, Stage, count},
    unsteady::Unsteady,
};
use job_core::{Job, JobStatus};
use job_runner::ScriptError;
use tokio::time::sleep;

/// Ten jobs that are about to end together, and the first of them has an end that cannot be stored.
async fn ten(stage: &Stage, store: &Unsteady) -> Vec<Job> {
    let mut jobs = Vec::new();
    for n in 0..10 {
        jobs.push(stage.create(Play::new(&n.to_string(), Act::Wait)).await);
    }
    store.spoil(jobs[0].id, true);
    jobs
}

async fn end_all(stage: &Stage) {
    for n in 0..10 {
        stage.here(&n.to_string()).await;
    }
    (0..10).for_each(|n| stage.let_go(&n.to_string()));
}

async fn completed(stage: &Stage, jobs: &[Job]) -> usize {
    let mut completed = 0;
    for job in jobs {
        completed += usize::from(stage.row(job.id).await.state.status() == JobStatus::Completed);
    }
    completed
}

#[tokio::test(start_paused = true)]
async fn a_worker_settles_the_others_goes_on_and_stores_it_once_it_can_be() {
    let (stage, store) = Stage::unsteady();
    let jobs = ten(&stage, &store).await;
    let run = stage.start_worker(stage.worker());
    end_all(&stage).await;
    sleep(2 * SECOND).await;
    assert_eq!(completed(&stage, &jobs).await, 9);
    let next = stage.create(Play::new("next", Act::Succeed)).await;
    sleep(2 * SECOND).await;
    assert_eq!(completed(&stage, &[next]).await, 1);
    store.spoil(jobs[0].id, false);
    sleep(60 * SECOND).await;
    assert_eq!((completed(&stage, &jobs).await, stage.ran().len()), (10, 11));
    stage.stop.cancel();
    assert_eq!(count(&run.await.unwrap().unwrap().completed, "usual"), 11);
}

#[tokio::test(start_paused = true)]
async fn a_script_settles_the_others_and_ends_in_the_error() {
    let (stage, store) = Stage::unsteady();
    let jobs = ten(&stage, &store).await;
    let run = stage.start(stage.script());
    end_all(&stage).await;
    let error = run.await.unwrap().unwrap_err();
    assert_eq!(completed(&stage, &jobs).await, 9);
    let ScriptError::Store { report, .. } = error else { panic!("{error}") };
    assert_eq!(count(&report.completed, "usual"), 9);
}

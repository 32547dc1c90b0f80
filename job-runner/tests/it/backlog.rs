//! Hooks and reporters that do not keep up hold up claims, and no memory.

use crate::{
    lines::Lines,
    play::{Act, Play},
    stage::{SECOND, Stage, count},
};
use async_trait::async_trait;
use job_core::{BoxError, Job};
use job_runner::{Changed, ErrorReport, Hooks, Reporter};
use std::sync::Arc;
use tokio::{sync::Semaphore, time::sleep};

/// How many calls may wait, and the jobs under way beside them.
const MOST: usize = 1000 + 2 * 10;

/// Answers once it is let.
#[derive(Clone, Debug)]
struct Slow(Arc<Semaphore>);

impl Slow {
    fn new() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    async fn answer(&self) -> Result<(), BoxError> {
        self.0.acquire().await?.forget();
        Ok(())
    }
}

#[async_trait]
impl Hooks for Slow {
    async fn changed(&self, _: &Job, _: &Changed) -> Result<(), BoxError> {
        self.answer().await
    }
}

#[async_trait]
impl Reporter for Slow {
    async fn report(&self, _: &ErrorReport) -> Result<(), BoxError> {
        self.answer().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_does_not_keep_up_is_waited_for_and_hears_of_everything() {
    let stage = Stage::new();
    for n in 0..2 * MOST {
        stage.create(Play::new(&n.to_string(), Act::Succeed)).await;
    }
    let (slow, lines) = (Slow::new(), Lines::keep());
    let run = stage.start(stage.script().hooks(slow.clone()));
    // Less than a hook has for a call.
    sleep(20 * SECOND).await;
    assert!(stage.ran().len() <= MOST && !run.is_finished());
    slow.0.add_permits(4 * MOST);
    assert_eq!(count(&run.await.unwrap().unwrap().completed, "usual"), 2 * MOST as u64);
    assert_eq!(slow.0.available_permits(), 0);
    assert_eq!(lines.with("do not keep up").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reporter_that_does_not_keep_up_is_waited_for_and_gets_every_report() {
    let stage = Stage::new();
    for n in 0..2 * MOST {
        stage.create_last(Play::new(&n.to_string(), Act::Fail("no".to_owned()))).await;
    }
    let slow = Slow::new();
    let run = stage.start(stage.script().reporter(slow.clone()));
    sleep(20 * SECOND).await;
    assert!(stage.ran().len() <= MOST && !run.is_finished());
    slow.0.add_permits(2 * MOST);
    assert_eq!(count(&run.await.unwrap().unwrap().incomplete, "usual"), 2 * MOST as u64);
    assert_eq!(slow.0.available_permits(), 0);
}

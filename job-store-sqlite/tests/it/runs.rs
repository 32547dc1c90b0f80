//! Rows that follow one another are started by one statement for all: those and no others.

use crate::file::File;
use job_core::{
    Clock, Job, JobStatus, NewJob, Turn,
    store::{Filter, JobStore, JobStoreExt},
};
use job_testing::factory;

#[tokio::test]
async fn a_claim_starts_what_it_gives_and_nothing_in_between() {
    let file = File::new();
    let store = file.store().await;
    // A long run, one job of another queue, a short run, another one of it, and a long run again; then jobs with a key and
    // a turn, few and many.
    let elsewhere = |n: usize| n == 20 || n == 24;
    let is_keyed = |n: usize| n == 42 || n >= 60;
    let jobs: Vec<NewJob> = (0..90)
        .map(|n| match factory::job(store.mint()) {
            job if elsewhere(n) => NewJob { queue: factory::named("elsewhere"), ..job },
            job if is_keyed(n) => {
                NewJob { turn: Some(Turn::new(n)), ..factory::keyed(job.id, &format!("\"{n}\"")) }
            }
            job => job,
        })
        .collect();
    store.insert(&jobs, Clock::Store).await.unwrap();

    let claimed = store.claim(&factory::claim(Clock::Store)).await.unwrap().jobs;

    assert_eq!(claimed.len(), 88);
    let mut stored: Vec<Job> = store.find(&Filter::default(), factory::limit(100)).await.unwrap();
    stored.reverse();
    let (waiting, started): (Vec<_>, Vec<_>) =
        stored.into_iter().partition(|it| it.state.status() == JobStatus::Waiting);
    assert_eq!(started, claimed, "what is stored is what was given");
    let left: Vec<_> = jobs.iter().enumerate().filter(|(n, _)| elsewhere(*n)).map(|(_, it)| it.id).collect();
    assert_eq!(waiting.iter().map(|it| it.id).collect::<Vec<_>>(), left);
}

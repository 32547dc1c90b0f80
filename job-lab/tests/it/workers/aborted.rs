//! A job ends the process of its worker, again and again: it is counted, and in the end it is not started any more.

use super::{
    diary::{What, all},
    site::Site,
    stint::Act,
};
use crate::bed::{Bed, over_every_store};
use job_core::JobStatus;

over_every_store! { @ sqlite: a_job_that_kills_its_process_fails_after_its_limit_and_the_others_complete, }
over_every_store! { @ postgres: a_job_that_kills_its_process_fails_after_its_limit_and_the_others_complete, }

const SETTINGS: &str =
    "concurrency = 1\nprefetch = 10\ncrash_limit = 2\nlease = '1s'\nbeat = '250ms'\nscan = '250ms'";

async fn a_job_that_kills_its_process_fails_after_its_limit_and_the_others_complete(bed: Bed) {
    let site = Site::new(&bed.opened, &bed.url, SETTINGS);
    let killer = site.enqueue(1, &[Act::Abort]).await[0];
    site.enqueue(20, &[Act::BRIEF]).await;
    let mut brought_down = 0;
    let mut worker = site.start();
    let jobs = loop {
        tokio::select! {
            // The last one lives on.
            jobs = site.until_all_ended() => break jobs,
            ended = worker.ended() => {
                assert_eq!(ended.status.code(), None, "a signal has ended it");
                brought_down += 1;
                worker = site.start();
            }
        }
    };
    assert_eq!(brought_down, 3, "it survives two lapses, and not a third");
    let entries = site.entries();
    assert_eq!(all(&entries, What::Begun).iter().filter(|it| it.job == killer).count(), 3);
    let (its, others): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|it| it.id == killer);
    let state = &its[0].state;
    assert_eq!((state.status(), state.crash_count(), state.attempt_count()), (JobStatus::Failed, 3, 3));
    // Those that were claimed beside it at first have lost that start. Beside a job that has crashed, nothing waits.
    for job in &others {
        let state = &job.state;
        assert_eq!(state.status(), JobStatus::Completed, "{job:?}");
        assert!(state.crash_count() <= 1 && state.attempt_count() == state.crash_count() + 1, "{job:?}");
    }
    assert_eq!((others.len(), all(&entries, What::Done).len()), (20, 20), "each ran to its end once");
}

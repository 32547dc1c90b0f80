//! A worker is told to stop: handlers have the grace to end, and what is left waits for nobody.

use super::{diary::What, site::Site, stint::Act};
use crate::bed::{Bed, over_every_store};
use job_core::{Job, JobStatus};
use std::time::{Duration, Instant};

over_every_store! { @ sqlite: handlers_end_within_the_grace_and_the_rest_waits_for_no_lease, a_second_signal_gives_everything_back_at_once, }
over_every_store! { @ postgres: handlers_end_within_the_grace_and_the_rest_waits_for_no_lease, a_second_signal_gives_everything_back_at_once, }

/// Room for thirty handlers, and ten more jobs; nobody could wait for these leases.
const SETTINGS: &str = "concurrency = 30\nprefetch = 10\nlease = '1h'\n";

/// How long an end takes whose handlers are gone, on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(5);

/// How many have that status. Who waits is as if it had never begun.
fn count(jobs: &[Job], status: JobStatus) -> usize {
    let these = jobs.iter().filter(|it| it.state.status() == status);
    these
        .inspect(|it| assert!(status != JobStatus::Waiting || it.state.attempt_count() == 0, "{it:?}"))
        .count()
}

async fn handlers_end_within_the_grace_and_the_rest_waits_for_no_lease(bed: Bed) {
    let site = Site::new(&bed.opened, &bed.url, &format!("{SETTINGS}grace = '2s'"));
    site.enqueue(10, &[Act::Outstay]).await;
    site.enqueue(10, &[Act::LONG, Act::BRIEF]).await;
    site.enqueue(10, &[Act::ENDLESS, Act::BRIEF]).await;
    site.enqueue(20, &[Act::BRIEF]).await;
    let worker = site.start();
    site.until(What::Begun, 30).await;
    let told = Instant::now();
    worker.signal("TERM");
    let ended = worker.ended().await;
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(
        (&ended.record["completed"]["stint"], &ended.record["incomplete"]["stint"]),
        (&10.into(), &30.into())
    );
    let took = told.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(2) + SOON, "{took:?}");

    let jobs = site.jobs().await;
    assert_eq!((count(&jobs, JobStatus::Completed), count(&jobs, JobStatus::Waiting)), (10, 40));
    let worker = site.start();
    let again = Instant::now();
    assert_eq!(count(&site.until_all_ended().await, JobStatus::Completed), 50);
    assert!(again.elapsed() < SOON, "{:?}", again.elapsed());
    worker.signal("TERM");
    assert_eq!(worker.ended().await.status.code(), Some(0));
}

async fn a_second_signal_gives_everything_back_at_once(bed: Bed) {
    let site = Site::new(&bed.opened, &bed.url, &format!("{SETTINGS}grace = '1h'"));
    site.enqueue(30, &[Act::ENDLESS]).await;
    let worker = site.start();
    site.until(What::Begun, 30).await;
    worker.signal("TERM");
    site.until(What::Told, 30).await;
    let told = Instant::now();
    worker.signal("TERM");
    assert_eq!(worker.ended().await.status.code(), Some(0));
    assert!(told.elapsed() < SOON, "{:?}", told.elapsed());
    assert_eq!(count(&site.jobs().await, JobStatus::Waiting), 30);
}

//! The server is away for three leases, while two workers, processes of their own, have 200 handlers under way.

use super::{database::Database, expendable::Expendable};
use crate::workers::{Act, Site, What, all, assert_no_overlap};
use job_core::{JobStatus, store::Opener};
use std::time::Duration;
use tokio::time::sleep;

/// Whoever is after the jobs of the dead looks far more often than those who live are heard of.
const SETTINGS: &str = "concurrency = 100\nprefetch = 0\nlease = '3s'\nbeat = '1s'\nscan = '100ms'\n";
const OUTAGE: Duration = Duration::from_secs(9);

const SECOND: Duration = Duration::from_secs(1);

/// Ends while the server is away.
const WITHIN: Duration = Duration::from_secs(5);
/// Ends when it has come back.
const BEYOND: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread")]
async fn through_an_outage_of_three_leases_no_two_handlers_of_a_job_live_and_none_that_ended_runs_again() {
    let acts = [
        &[Act::LONG, Act::BRIEF][..],
        &[Act::Insist(WITHIN)],
        &[Act::Insist(BEYOND)],
        &[Act::Work(WITHIN), Act::BRIEF],
    ];
    let Some(begins) = outage("", &acts).await else { return };
    // Whoever heeds its token was told to stop, and had to run again.
    assert_eq!(begins, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_carries_on_through_an_outage_of_three_leases_is_started_once() {
    let acts =
        [&[Act::Work(WITHIN)][..], &[Act::Insist(WITHIN)], &[Act::Work(BEYOND)], &[Act::Insist(BEYOND)]];
    let Some(begins) = outage("lease_doubt = 'carry-on'", &acts).await else { return };
    assert_eq!(begins, 200);
}

/// How often 200 handlers, of which a quarter each does one of `acts`, were begun. `None` if there is no server to kill.
async fn outage(doubt: &str, acts: &[&[Act]; 4]) -> Option<usize> {
    let server = Expendable::take()?;
    let database = Database::new(&server.url).await;
    let url = database.store_url(&server.url);
    let opened = job_store_pg::Opener.open(&url).await.unwrap();
    let site = Site::new(&opened, &url, &format!("{SETTINGS}{doubt}"));
    let workers = [site.start(), site.start()];
    for acts in acts {
        site.enqueue(50, acts).await;
    }
    site.until(What::Begun, 200).await;
    // One of them notices the return late: it has a lease's time to be heard of.
    tokio::join!(server.restart(OUTAGE), async {
        sleep(OUTAGE - SECOND).await;
        workers[0].signal("STOP");
    });
    sleep(SECOND).await;
    workers[0].signal("CONT");
    let jobs = site.until_all_ended().await;
    assert_eq!(jobs.len(), 200, "no job is lost");
    let entries = site.entries();
    assert_no_overlap(&entries);
    assert_eq!(all(&entries, What::Done).len(), 200, "each ran to its end once");
    assert!(jobs.iter().all(|it| it.state.status() == JobStatus::Completed), "{jobs:#?}");
    for worker in workers {
        worker.signal("TERM");
        let ended = worker.ended().await;
        assert_eq!(ended.status.code(), Some(0));
        assert_eq!((&ended.record["stale"], &ended.record["rescued"]), (&0.into(), &0.into()));
    }
    Some(all(&entries, What::Begun).len())
}

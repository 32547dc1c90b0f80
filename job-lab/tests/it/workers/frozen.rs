//! A worker is stopped for longer than its lease, and continued: it lost its jobs, notices, and goes on.

use super::{
    diary::{What, all},
    process::Process,
    site::Site,
    stint::Act,
};
use crate::bed::{Bed, over_every_store};
use std::time::Duration;
use tokio::time::{sleep, timeout};

over_every_store! { @ sqlite: who_was_stopped_past_its_lease_cannot_change_its_jobs_and_goes_on, }
over_every_store! { @ postgres: who_was_stopped_past_its_lease_cannot_change_its_jobs_and_goes_on, }

const SETTINGS: &str = "concurrency = 21\nprefetch = 0\nlease = '3s'\nbeat = '1s'\nscan = '500ms'";
const SECOND: Duration = Duration::from_secs(1);

async fn who_was_stopped_past_its_lease_cannot_change_its_jobs_and_goes_on(bed: Bed) {
    let site = Site::new(&bed.opened, &bed.url, SETTINGS);
    let first = site.start();
    // Half of them end by themselves while the process is stopped, the others once they are told to.
    site.enqueue(10, &[Act::Insist(3 * SECOND), Act::BRIEF]).await;
    site.enqueue(10, &[Act::Outstay, Act::BRIEF]).await;
    site.until(What::Begun, 20).await;
    stop(&site, &first).await;
    let count = site.jobs().await.len();

    let second = site.start();
    let entries = site.until(What::Done, count).await;
    assert!(all(&entries, What::Done).iter().all(|it| it.process == second.id()));
    site.until_all_ended().await;
    second.signal("TERM");
    assert_eq!(second.ended().await.status.code(), Some(0));

    first.signal("CONT");
    let entries = site.until(What::Done, count + 20).await;
    let told = all(&entries, What::Told).iter().filter(|it| it.process == first.id()).count();
    assert!(told >= 10, "only {told} were told to stop");
    site.enqueue(1, &[Act::BRIEF]).await;
    let jobs = site.until_all_ended().await;
    assert_eq!(jobs.len(), count + 1);
    site.assert_completed_once(&jobs).await;
    first.signal("TERM");
    let ended = first.ended().await;
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!((&ended.record["stale"], &ended.record["completed"]["stint"]), (&20.into(), &1.into()));
}

/// Stops the process where it holds no lock of the store: it is stopped when another can store a job. One that was
/// stopped in the midst of a write would hold up a SQLite file for as long as it stands.
async fn stop(site: &Site, process: &Process) {
    process.signal("STOP");
    while timeout(SECOND, site.enqueue(1, &[Act::BRIEF])).await.is_err() {
        process.signal("CONT");
        sleep(Duration::from_millis(1)).await;
        process.signal("STOP");
    }
}

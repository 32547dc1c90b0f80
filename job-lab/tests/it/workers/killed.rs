//! A worker is killed: its jobs run elsewhere, as soon as their leases let them.

use super::{
    diary::{What, all, now},
    site::Site,
    stint::Act,
};
use crate::bed::{Bed, over_every_store};
use std::{env, time::Duration};

over_every_store! { @ sqlite: a_hundred_jobs_of_a_killed_worker_run_elsewhere_within_a_lease_and_a_scan, }
over_every_store! { @ postgres: a_hundred_jobs_of_a_killed_worker_run_elsewhere_within_a_lease_and_a_scan, }

const JOBS: usize = 100;

/// A section's times: its settings, and how long after its death a worker's jobs have been found.
struct Pace {
    settings: &'static str,
    found: Duration,
}

const FAST: Pace =
    Pace { settings: "lease = '2s'\nbeat = '500ms'\nscan = '500ms'", found: Duration::from_millis(2500) };
const USUAL: Pace = Pace { settings: "", found: Duration::from_secs(35) };

/// From when a job was found to the begin of its handler, by a machine that is busy with other tests.
const BEGIN: Duration = Duration::from_secs(1);

async fn a_hundred_jobs_of_a_killed_worker_run_elsewhere_within_a_lease_and_a_scan(bed: Bed) {
    kill(&bed, &FAST).await;
    if env::var("THOROUGH").is_ok_and(|it| it == "1") {
        kill(&bed, &USUAL).await;
    }
}

async fn kill(bed: &Bed, pace: &Pace) {
    let settings = format!("{}\nconcurrency = {JOBS}\nprefetch = 0", pace.settings);
    let site = Site::new(&bed.opened, &bed.url, &settings);
    let victim = site.start();
    let jobs = site.enqueue(JOBS, &[Act::ENDLESS, Act::BRIEF]).await;
    site.until(What::Begun, JOBS).await;
    // The other one works, and has nothing to do.
    let other = site.start();
    let one = site.enqueue(1, &[Act::BRIEF]).await;
    site.until(What::Done, 1).await;

    let killed = now();
    victim.signal("KILL");
    let entries = site.until(What::Done, 1 + JOBS).await;
    let mut delays: Vec<Duration> = all(&entries, What::Begun)
        .into_iter()
        .filter(|it| it.process == other.id() && !one.contains(&it.job))
        .map(|it| it.at - killed)
        .collect();
    delays.sort_unstable();
    assert_eq!(delays.len(), JOBS, "each runs elsewhere, once");
    let p99 = delays[JOBS * 99 / 100 - 1];
    eprintln!("begun elsewhere after {:?} (median) and {p99:?} (p99)", delays[JOBS / 2]);
    assert!(p99 <= pace.found + BEGIN, "{delays:?}");

    let all = site.until_all_ended().await;
    let (its, others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .filter(|it| one.contains(&it.id) || jobs.contains(&it.id))
        .partition(|it| jobs.contains(&it.id));
    assert_eq!((its.len(), others.len()), (JOBS, 1), "no job is lost");
    assert!(its.iter().all(|it| it.state.attempt_count() == 2));
    site.assert_completed_once(&its).await;
    site.assert_completed_once(&others).await;
    other.signal("TERM");
    assert_eq!(other.ended().await.status.code(), Some(0));
}

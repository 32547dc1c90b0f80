//! Renewals: a lease is held by the revision, never shortened, and tells the runner when it lost the job.

use crate::{Fixture, factory};
use job_core::{
    Change, Clock, Job, JobState, JobStatus, NewJob, Progress, Timestamp,
    store::{Claim, Deletion, Held, Renewed},
};
use std::time::Duration;

fn held(job: &Job) -> Held {
    Held { id: job.id, revision: job.state.revision(), progress: None }
}

fn expires(job: &Job) -> Option<Timestamp> {
    job.state.lease().map(|it| it.expires)
}

/// A renewed lease lasts from now, in the answer and in the store.
pub async fn a_renewed_lease_lasts_from_now(store: Fixture) {
    let job = store.running(&store.job()).await;
    let until = store.advance(Duration::from_secs(20)) + factory::LEASE;
    assert_eq!(store.renew(&[held(&job)]).await, [Renewed::Until(until)]);
    assert_eq!(expires(&store.get(job.id).await), Some(until));
}

/// A renewal never shortens a lease.
pub async fn a_renewal_never_shortens_a_lease(store: Fixture) {
    let job = store.running(&store.job()).await;
    let until = store.now() + factory::LEASE;
    for lease in [Duration::from_secs(1), Duration::ZERO] {
        assert_eq!(store.renew_for(&[held(&job)], lease).await, [Renewed::Until(until)]);
    }
    assert_eq!(store.get(job.id).await, job);
}

/// A renewal changes the end of the lease and nothing else; above all not the revision.
pub async fn a_renewal_changes_no_revision(store: Fixture) {
    let job = store.running(&store.keyed("k")).await;
    let (id, spec) = (job.id, job.spec.clone());
    store.advance(Duration::from_secs(20));
    store.renew(&[held(&job)]).await;
    let renewed = store.get(id).await;
    let mut parts = job.state.parts();
    let lease = parts.lease.as_mut().expect("it runs");
    lease.expires = store.now() + factory::LEASE;
    let state = JobState::restore(parts).expect("only the lease changed");
    assert_eq!(renewed, Job { id, spec, state });
}

/// A renewal keeps what the handler reported; one that reports nothing leaves what is there.
pub async fn the_last_progress_is_kept(store: Fixture) {
    let job = store.running(&store.job()).await;
    let reports = [
        (Some(Progress::percent(0)), Some(Progress::percent(0))),
        (None, Some(Progress::percent(0))),
        (Some(Progress::percent(100).saying("Zeile\n😀")), Some(Progress::percent(100).saying("Zeile\n😀"))),
        (None, Some(Progress::percent(100).saying("Zeile\n😀"))),
        (Some(Progress::percent(7).saying("")), Some(Progress::percent(7).saying(""))),
        (Some(Progress::percent(8)), Some(Progress::percent(8))),
    ];
    for (progress, kept) in reports {
        store.renew(&[Held { progress, ..held(&job) }]).await;
        assert_eq!(store.get(job.id).await.state.lease().map(|it| &it.progress), Some(&kept));
    }
}

/// The progress of a run does not outlive it.
pub async fn a_new_run_has_no_progress(store: Fixture) {
    let job = store.running(&store.job()).await;
    store.renew(&[Held { progress: Some(Progress::percent(50)), ..held(&job) }]).await;
    store.moved(&factory::change(&job, job.release())).await;
    let again = store.start(&store.claim()).await.remove(0);
    assert_eq!(again.state.lease().map(|it| &it.progress), Some(&None));
}

/// A runner is told Lost when its job was changed by others, ended, started again or deleted, or never was.
pub async fn a_lease_is_lost_with_the_revision(store: Fixture) {
    let mut lost = Vec::new();
    for status in JobStatus::ALL {
        let new = NewJob { type_name: factory::named(status.word()), ..store.job() };
        let job = store.at(status, &new).await;
        if status != JobStatus::Running {
            lost.push(held(&job));
        }
    }
    let again = store.running(&store.job()).await;
    store.moved(&factory::change(&again, again.release())).await;
    store.start(&store.claim()).await;
    let deleted = store.running(&store.job()).await;
    store.delete(&Deletion::Ids(vec![deleted.id])).await;
    lost.extend([held(&again), held(&deleted), held(&store.job().created(store.now()))]);
    let before = store.all().await;
    assert_eq!(store.renew(&lost).await, vec![Renewed::Lost; lost.len()]);
    assert_eq!(store.all().await, before);
}

/// A running job is told from its heartbeat that it was cancelled.
pub async fn a_cancelled_job_is_lost_at_the_next_renewal(store: Fixture) {
    let job = store.running(&store.job()).await;
    let cancel = job.cancel("not needed".into(), store.now()).expect("it runs");
    store.moved(&Change::new(&job, cancel, factory::actor(9))).await;
    assert_eq!(store.renew(&[held(&job)]).await, [Renewed::Lost]);
}

/// A lease that ended is renewed as long as nobody took the job: only the revision says who owns it.
pub async fn a_late_renewal_counts_while_nobody_took_the_job(store: Fixture) {
    let job = store.running(&store.job()).await;
    let until = store.advance(factory::LEASE * 10) + factory::LEASE;
    assert_eq!(store.renew(&[held(&job)]).await, [Renewed::Until(until)]);
    assert_eq!(store.lapsed().await, []);
}

/// Answers come in the order of what is held, and the same lease twice is answered alike.
pub async fn answers_come_in_the_order_of_the_leases(store: Fixture) {
    let jobs = [store.running(&store.job()).await, store.running(&store.job()).await];
    store.renew_for(&[held(&jobs[0])], Duration::from_secs(600)).await;
    let lost = Held { revision: jobs[1].state.revision().next(), ..held(&jobs[0]) };
    let [long, short] = [600, 60].map(|it| Renewed::Until(store.now() + Duration::from_secs(it)));
    let batch = [held(&jobs[1]), lost, held(&jobs[0]), held(&jobs[1]), held(&jobs[0])];
    assert_eq!(store.renew(&batch).await, [short, Renewed::Lost, long, short, long]);
    assert_eq!(store.renew(&[]).await, []);
}

/// A thousand leases are renewed in one call.
pub async fn a_thousand_leases_are_renewed_at_once(store: Fixture) {
    store.insert(&store.jobs(1000)).await;
    let claim = Claim { limit: factory::limit(1000), ..store.claim() };
    let jobs = store.start(&claim).await;
    let until = store.advance(Duration::from_secs(5)) + factory::LEASE;
    let batch: Vec<_> = jobs.iter().map(held).collect();
    assert_eq!(store.renew(&batch).await, vec![Renewed::Until(until); 1000]);
    assert!(store.all().await.iter().all(|it| expires(it) == Some(until)));
}

/// A lease may be renewed to the end of time, and by the store's own clock.
pub async fn a_lease_is_renewed_by_the_clock_it_is_given(store: Fixture) {
    let job = store.running(&store.job()).await;
    let by_store = store.store.renew(&[held(&job)], Duration::from_secs(1 << 40), Clock::Store).await;
    let Ok([Renewed::Until(until)]) = by_store.as_deref() else { panic!("{by_store:?}") };
    let now = store.time().await;
    assert!(*until == Timestamp::MAX || *until <= now + Duration::from_secs(1 << 40));
    assert_eq!(store.renew_for(&[held(&job)], Duration::MAX).await, [Renewed::Until(Timestamp::MAX)]);
    assert_eq!(expires(&store.get(job.id).await), Some(Timestamp::MAX));
}

//! Deletion: of named jobs, and what goes with them.

use crate::{Fixture, contract::ids, factory, race};
use job_core::{
    JobStatus, NewJob, Reply, Verb,
    store::{Deletion, Held, Renewed},
};
use std::{collections::HashSet, time::Duration};

/// Named jobs are deleted, exactly those, and counted if they were there.
pub async fn named_jobs_are_deleted_and_no_others(store: Fixture) {
    let jobs = store.jobs(10);
    store.insert(&jobs).await;
    let named = vec![jobs[7].id, jobs[2].id, store.mint(), jobs[7].id];
    assert_eq!(store.delete(&Deletion::Ids(named.clone())).await, 2);
    let left: Vec<_> = jobs.iter().map(|it| it.id).filter(|id| !named.contains(id)).collect();
    assert_eq!(ids(&store.all().await), left);
    assert_eq!(store.delete(&Deletion::Ids(named)).await, 0, "they are gone");
    assert_eq!(store.delete(&Deletion::Ids(vec![])).await, 0);
    assert_eq!(ids(&store.all().await), left);
}

/// A job that is named is deleted whatever its status.
pub async fn a_named_job_goes_whatever_its_status(store: Fixture) {
    for status in JobStatus::ALL {
        let new = NewJob { type_name: factory::named(status.word()), ..store.job() };
        let job = store.at(status, &new).await;
        assert_eq!(store.delete(&Deletion::Ids(vec![job.id])).await, 1, "{status}");
        assert_eq!(store.find(job.id).await, None, "{status}");
    }
}

/// A deletion may name very many jobs.
pub async fn a_deletion_may_name_forty_thousand_jobs(store: Fixture) {
    let jobs = store.jobs(1000);
    store.insert(&jobs).await;
    let mut named: Vec<_> = (0..39_000).map(|_| store.mint()).collect();
    named.extend(jobs[..999].iter().map(|it| it.id));
    assert_eq!(store.delete(&Deletion::Ids(named)).await, 999);
    assert_eq!(ids(&store.all().await), [jobs[999].id]);
}

/// An id that was deleted is free: the same insert creates the job anew.
pub async fn a_deleted_job_may_be_inserted_again(store: Fixture) {
    let new = store.keyed("k");
    store.at(JobStatus::Cancelled, &new).await;
    store.delete(&Deletion::Ids(vec![new.id])).await;
    store.create(&new).await;
    assert_eq!(store.get(new.id).await, new.created(store.now()));
}

/// Nothing that was written for the first life of an id fits its second, be it run by the same actor.
pub async fn a_second_life_is_safe_from_the_first(store: Fixture) {
    let new = store.job();
    let first = store.running(&new).await;
    let complete = factory::change(&first, first.complete(store.now())).deleting_completed();
    assert_eq!(store.change(&complete).await, Reply::Applied);
    store.advance(Duration::from_millis(1));
    let second = store.running(&new).await;
    for verb in Verb::ALL {
        let Ok(next) = factory::perform(verb, &first, store.now()) else { continue };
        assert_eq!(store.change(&factory::change(&first, Ok(next))).await, Reply::Stale, "{verb}");
    }
    assert_eq!(store.change(&complete).await, Reply::Stale);
    let held = Held { id: first.id, revision: first.state.revision(), progress: None };
    assert_eq!(store.renew(&[held]).await, [Renewed::Lost]);
    assert_eq!(store.get(new.id).await, second);
}

/// Of many deletions of the same jobs at the same moment, through several handles, each job is counted by one.
pub async fn racing_deletions_count_each_job_once(store: Fixture) {
    let jobs = store.jobs(100);
    store.insert(&jobs).await;
    let handles = store.handles(4).await;
    let counts = race(8, |n| {
        let store = handles[n % handles.len()].clone();
        let mut named: Vec<_> = jobs.iter().map(|it| it.id).collect();
        if n % 2 == 0 {
            named.reverse();
        }
        async move { store.delete(&Deletion::Ids(named)).await }
    })
    .await;
    assert_eq!(counts.iter().sum::<u64>(), 100);
    assert_eq!(store.all().await, []);
}

/// While jobs are claimed and deleted at the same moment, no claim gives a job twice, and what it gave is
/// gone when it was deleted.
pub async fn claims_beside_deletions_end_as_gone(store: Fixture) {
    let jobs = store.jobs(100);
    store.insert(&jobs).await;
    let handles = store.handles(4).await;
    let started = race(8, |n| {
        let store = handles[n % handles.len()].clone();
        let named: Vec<_> = jobs[n * 12..][..12].iter().map(|it| it.id).collect();
        async move {
            if n % 2 == 0 {
                assert_eq!(store.delete(&Deletion::Ids(named)).await, 12);
                return Vec::new();
            }
            store.start(&store.claim()).await
        }
    })
    .await
    .concat();
    assert_eq!(ids(&started).into_iter().collect::<HashSet<_>>().len(), started.len());
    let left: HashSet<_> = ids(&store.all().await).into_iter().collect();
    assert_eq!(left.len(), 52);
    for job in started {
        let reply = store.change(&factory::change(&job, job.complete(store.now()))).await;
        assert_eq!(reply, if left.contains(&job.id) { Reply::Applied } else { Reply::Gone });
    }
}

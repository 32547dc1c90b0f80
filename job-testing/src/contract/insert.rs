//! Inserting: what is stored, and the answers.

use crate::{Fixture, contract::ids, dropped_after, factory, race};
use job_core::{
    Clock, JobStatus, Json, NewJob, Requester, Revision, Start, Timestamp, TypeName,
    store::{Filter, Inserted},
};
use std::time::Duration;

/// A new job is Waiting, at its first revision, as the core makes it of what was asked for.
pub async fn a_new_job_is_waiting_as_asked_for(store: Fixture) {
    let new = store.job();
    let job = store.create(&new).await;
    assert_eq!(job, new.created(store.now()));
    let first = Revision::first(store.now());
    assert_eq!((job.state.status(), job.state.revision()), (JobStatus::Waiting, first));
    assert_eq!(store.get(new.id).await, job);
}

/// A job keeps its requester; a job that nobody asked for has none.
pub async fn the_requester_is_kept(store: Fixture) {
    let requester = Requester::new("zoë@example.com").ok();
    let asked = NewJob { requester: requester.clone(), ..store.job() };
    store.insert(&[asked.clone(), store.job()]).await;
    let stored: Vec<_> = store.all().await.into_iter().map(|it| it.spec.requester).collect();
    assert_eq!(stored, [requester, None]);
}

/// Answers come in the order of the jobs, whatever the order of their ids.
pub async fn answers_come_in_the_order_of_the_jobs(store: Fixture) {
    let mut jobs = store.jobs(40);
    jobs.reverse();
    jobs.swap(3, 30);
    let created: Vec<_> = jobs.iter().map(|it| Inserted::Created(it.created(store.now()))).collect();
    assert_eq!(store.insert(&jobs).await, created);
}

/// A batch of a thousand creates each of its jobs, Waiting, with an id of its own.
pub async fn a_batch_of_a_thousand_creates_each_job(store: Fixture) {
    let jobs = store.jobs(1000);
    let created: Vec<_> = jobs.iter().map(|it| it.created(store.now())).collect();
    let answers: Vec<_> = created.iter().cloned().map(Inserted::Created).collect();
    assert_eq!(store.insert(&jobs).await, answers);
    assert_eq!(store.all().await, created);
    assert_eq!(store.another().await.all().await, created, "by every handle");
}

/// An insert of nothing answers nothing.
pub async fn an_empty_batch_is_nothing(store: Fixture) {
    assert_eq!(store.insert(&[]).await, []);
    assert_eq!(store.all().await, []);
}

/// An insert whose reply was lost may be sent again: it is answered as the first time, and nothing is doubled.
pub async fn the_same_batch_again_is_answered_created(store: Fixture) {
    let jobs =
        [store.job(), store.keyed("k"), NewJob { start: Start::In(Duration::from_secs(9)), ..store.job() }];
    let first = store.insert(&jobs).await;
    store.advance(Duration::from_secs(60));
    assert_eq!(store.insert(&jobs).await, first);
    assert_eq!(store.all().await.len(), 3);
}

/// The answer to the same insert again is the job as it is now, whatever happened to it since, and whoever
/// holds its key by now.
pub async fn the_same_insert_again_gives_the_job_as_it_is_now(store: Fixture) {
    for (n, status) in (0..).zip(JobStatus::ALL) {
        let new = NewJob { type_name: factory::named(&format!("type-{n}")), ..store.keyed("k") };
        let job = store.at(status, &new).await;
        store.insert(&[NewJob { id: store.mint(), ..new.clone() }]).await;
        assert_eq!(store.insert(std::slice::from_ref(&new)).await, [Inserted::Created(job)]);
    }
}

/// The same job twice in one call is one job.
pub async fn the_same_job_twice_in_a_batch_is_one_job(store: Fixture) {
    let new = store.keyed("k");
    let created = Inserted::Created(new.created(store.now()));
    assert_eq!(store.insert(&[new.clone(), new]).await, [created.clone(), created]);
    assert_eq!(store.all().await.len(), 1);
}

/// An id that belongs to a job with another spec is taken, in one call and in a later one; that job stays as
/// it was.
pub async fn an_id_with_another_spec_is_taken(store: Fixture) {
    let new = store.job();
    let other = NewJob { args: Json::stored("[]"), ..new.clone() };
    let first = new.created(store.now());
    assert_eq!(
        store.insert(&[new.clone(), other.clone()]).await,
        [Inserted::Created(first.clone()), Inserted::IdTaken]
    );
    for other in [other, NewJob { priority: 1, ..new.clone() }, NewJob { id: new.id, ..store.keyed("k") }] {
        assert_eq!(store.insert(&[other]).await, [Inserted::IdTaken]);
    }
    assert_eq!(store.all().await, [first]);
}

/// A job that cannot be created spoils no neighbour.
pub async fn a_bad_row_spoils_no_neighbour(store: Fixture) {
    let (holder, taken) = (store.keyed("k"), store.job());
    store.insert(&[holder.clone(), taken.clone()]).await;
    let mut jobs = store.jobs(10);
    jobs[2] = store.keyed("k");
    jobs[5] = NewJob { priority: 7, ..taken };
    let answers = store.insert(&jobs).await;
    for (n, (answer, new)) in answers.iter().zip(&jobs).enumerate() {
        match n {
            2 => assert_eq!(*answer, Inserted::Existing { holder: holder.id }),
            5 => assert_eq!(*answer, Inserted::IdTaken),
            _ => assert_eq!(*answer, Inserted::Created(new.created(store.now()))),
        }
    }
    assert_eq!(store.all().await.len(), 10, "two from before and eight of the batch");
}

/// A start is resolved by the time of the insert: now, after a delay, or at a point in time, past or future.
pub async fn a_start_is_resolved_by_the_insert(store: Fixture) {
    let now = store.now();
    let minute = Duration::from_secs(60);
    let starts = [
        (Start::Now, now),
        (Start::In(minute), now + minute),
        (Start::In(Duration::from_micros(1)), now + Duration::from_micros(1)),
        (Start::At(now + minute), now + minute),
        (Start::At(now.before(minute)), now.before(minute)),
    ];
    for (start, scheduled) in starts {
        let job = store.create(&NewJob { start, ..store.job() }).await;
        assert_eq!(job.state.scheduled_start(), scheduled, "{start:?}");
        assert_eq!(store.get(job.id).await.state.scheduled_start(), scheduled, "{start:?}");
    }
}

/// A start may be at either end of time, and a delay beyond it ends there.
pub async fn a_start_may_be_at_either_end_of_time(store: Fixture) {
    let starts = [
        (Start::At(Timestamp::MIN), Timestamp::MIN),
        (Start::At(Timestamp::MAX), Timestamp::MAX),
        (Start::In(Duration::MAX), Timestamp::MAX),
    ];
    for (start, scheduled) in starts {
        let job = store.create(&NewJob { start, ..store.job() }).await;
        assert_eq!(store.get(job.id).await.state.scheduled_start(), scheduled, "{start:?}");
    }
    for now in [Timestamp::MIN, Timestamp::EPOCH, Timestamp::MAX] {
        let new = store.job();
        let inserted = store.store.insert(std::slice::from_ref(&new), Clock::At(now)).await;
        assert_eq!(inserted.expect("a date is kept"), [Inserted::Created(new.created(now))]);
        assert_eq!(store.get(new.id).await.spec.date_created, now);
    }
}

/// Without a given time, the store's own clock dates the job.
pub async fn the_clock_of_the_store_dates_a_job(store: Fixture) {
    let soon = NewJob { start: Start::In(Duration::from_secs(60)), ..store.job() };
    let before = store.time().await;
    store.store.insert(std::slice::from_ref(&soon), Clock::Store).await.expect("the store inserts");
    let after = store.time().await;
    let job = store.get(soon.id).await;
    assert!((before..=after).contains(&job.spec.date_created), "{before} {job:?} {after}");
    assert_eq!(job.state.scheduled_start(), job.spec.date_created + Duration::from_secs(60));
}

/// Inserts at the same moment, through several handles, create all of their jobs, and every handle sees them.
pub async fn racing_inserts_of_different_jobs_create_all(store: Fixture) {
    let handles = store.handles(4).await;
    let batches = race(16, |n| {
        let store = handles[n % handles.len()].clone();
        async move {
            let jobs = store.jobs(25);
            store.insert(&jobs).await;
            jobs.into_iter().map(|it| it.id).collect::<Vec<_>>()
        }
    })
    .await;
    let mut created = batches.concat();
    created.sort_unstable();
    for handle in handles {
        assert_eq!(ids(&handle.all().await), created);
    }
}

/// A call whose future is dropped is done wholly or not at all, so that sending it again completes it.
pub async fn a_dropped_insert_is_done_wholly_or_not_at_all(store: Fixture) {
    for polls in 0..8 {
        let type_name: TypeName = factory::named(&format!("polled-{polls}"));
        let jobs: Vec<_> = (0..50).map(|_| NewJob { type_name: type_name.clone(), ..store.job() }).collect();
        dropped_after(polls, store.store.insert(&jobs, store.clock())).await;
        let of_type = Filter { types: Some(vec![type_name]), ..Filter::default() };
        let done = store.count(&of_type).await;
        assert!([0, 50].contains(&done), "{done} of 50 jobs were inserted");
        assert!(store.insert(&jobs).await.iter().all(|it| matches!(it, Inserted::Created(_))));
        assert_eq!(store.count(&of_type).await, 50);
    }
}

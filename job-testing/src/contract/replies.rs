//! Changes that do not fit, or come twice: what is answered, and that nothing is written.

use crate::{Fixture, dropped_after, factory};
use job_core::{
    Change, Job, JobStatus, NewJob, Reply, Revision, Verb,
    store::{Claim, Deletion},
};
use std::time::Duration;

/// Of two changes made from one look at a job the first is applied; the second is Stale and writes nothing.
pub async fn the_second_change_of_one_look_is_stale(store: Fixture) {
    let job = store.running(&store.job()).await;
    let now = store.now();
    let completed = store.moved(&factory::change(&job, job.complete(now))).await;
    let other = Change { by: factory::actor(7), ..factory::change(&job, job.fail("it broke".into(), now)) };
    assert_eq!(store.change(&other).await, Reply::Stale);
    assert_eq!(store.get(job.id).await, completed);
}

/// A change that was applied and is sent again, because its reply was lost, is applied already: nothing is
/// written.
pub async fn a_change_sent_again_is_already_applied(store: Fixture) {
    for verb in Verb::ALL.into_iter().filter(|it| *it != Verb::Start) {
        for from in JobStatus::ALL {
            let new = NewJob { type_name: factory::named(&format!("{verb}-{from}")), ..store.job() };
            let job = store.at(from, &new).await;
            let now = store.now() + if verb == Verb::Lapse { factory::LEASE } else { Duration::ZERO };
            let Ok(next) = factory::perform(verb, &job, now) else { continue };
            let change = factory::change(&job, Ok(next));
            let moved = store.moved(&change).await;
            for _ in 0..2 {
                assert_eq!(store.change(&change).await, Reply::AlreadyApplied, "{verb} of a {from} job");
            }
            assert_eq!(store.get(job.id).await, moved);
        }
    }
}

/// A batch whose reply was lost may be sent again whole.
pub async fn a_batch_sent_again_is_already_applied(store: Fixture) {
    let jobs = started(&store, 20).await;
    let changes: Vec<_> = jobs.iter().map(|it| factory::change(it, it.complete(store.now()))).collect();
    assert_eq!(store.apply(&changes[..10]).await, [Reply::Applied; 10]);
    let expected = [[Reply::AlreadyApplied; 10], [Reply::Applied; 10]].concat();
    assert_eq!(store.apply(&changes).await, expected);
    assert_eq!(store.apply(&changes).await, [Reply::AlreadyApplied; 20]);
}

/// The same change by another actor is Stale: the job was completed, but not by them.
pub async fn the_change_of_another_actor_is_stale(store: Fixture) {
    let job = store.running(&store.job()).await;
    let state = job.complete(store.now()).expect("it runs");
    assert_eq!(store.change(&Change::new(&job, state.clone(), factory::actor(1))).await, Reply::Applied);
    assert_eq!(store.change(&Change::new(&job, state, factory::actor(2))).await, Reply::Stale);
}

/// Another change of the same actor, to another status, is Stale.
pub async fn another_change_of_the_same_actor_is_stale(store: Fixture) {
    let job = store.running(&store.job()).await;
    let now = store.now();
    store.moved(&factory::change(&job, job.complete(now))).await;
    for verb in [Verb::Fail, Verb::Retry, Verb::Suspend, Verb::Cancel] {
        let other = factory::change(&job, factory::perform(verb, &job, now));
        assert_eq!(store.change(&other).await, Reply::Stale, "{verb}");
    }
}

/// Of two changes of one actor from one look, to one status, only the first is applied, and the second is not taken
/// for it: Stale.
pub async fn a_change_is_not_taken_for_another_of_its_actor(store: Fixture) {
    let (now, later) = (store.now(), store.now() + Duration::from_secs(30));
    let waiting = store.create(&NewJob { type_name: factory::named("waiting"), ..store.job() }).await;
    let running = store.running(&store.job()).await;
    let looks = [
        (&waiting, waiting.reschedule(now), waiting.reschedule(later)),
        (&running, running.release(), running.snooze(later)),
    ];
    for (job, first, second) in looks {
        let [first, second] = [first, second].map(|next| factory::change(job, next));
        let moved = store.moved(&first).await;
        assert_eq!(store.change(&second).await, Reply::Stale);
        assert_eq!(store.change(&first).await, Reply::AlreadyApplied);
        assert_eq!(store.get(job.id).await, moved);
    }
}

/// Once the job moved on, a change that was applied before is Stale when it is sent again.
pub async fn a_change_sent_too_late_is_stale(store: Fixture) {
    let job = store.running(&store.job()).await;
    let retry = factory::change(&job, job.retry("it broke".into(), store.now(), None));
    store.moved(&retry).await;
    let again = store.start(&store.claim()).await.remove(0);
    assert_eq!(store.change(&retry).await, Reply::Stale);
    let second = factory::change(&again, again.retry("it broke".into(), store.now(), None));
    store.moved(&second).await;
    assert_eq!(store.change(&retry).await, Reply::Stale, "the same status, by the same actor, but later");
    assert_eq!(store.change(&second).await, Reply::AlreadyApplied);
}

/// Who lost a job cannot change it any more, by any verb, however late.
pub async fn who_lost_the_job_cannot_change_it(store: Fixture) {
    let lost = store.running(&store.job()).await;
    let now = store.advance(factory::LEASE);
    let rescue = Change::new(&lost, lost.lapse(now, 5, now).expect("it lapsed"), factory::actor(7));
    store.moved(&rescue.if_lapsed(now)).await;
    for status in [JobStatus::Waiting, JobStatus::Running, JobStatus::Completed] {
        let current = store.get(lost.id).await;
        assert_eq!(current.state.status(), status);
        for verb in Verb::ALL {
            let Ok(next) = factory::perform(verb, &lost, now) else { continue };
            let late = factory::change(&lost, Ok(next));
            assert_eq!(store.change(&late).await, Reply::Stale, "{verb} of a {status} job");
        }
        assert_eq!(store.get(lost.id).await, current);
        match status {
            JobStatus::Waiting => drop(store.start(&store.claim()).await),
            JobStatus::Running => drop(store.moved(&factory::change(&current, current.complete(now))).await),
            _ => {}
        }
    }
}

/// A change of a job that was deleted, or never was, is Gone.
pub async fn a_change_of_a_deleted_job_is_gone(store: Fixture) {
    let job = store.running(&store.job()).await;
    let never = store.job().created(store.now());
    let cancel = |it: &Job| factory::change(it, it.cancel("not needed".into(), store.now()));
    store.delete(&Deletion::Ids(vec![job.id])).await;
    assert_eq!(store.apply(&[cancel(&job), cancel(&never)]).await, [Reply::Gone, Reply::Gone]);
    assert_eq!(store.all().await, []);
}

/// A second change of a job in one batch is Stale, whether or not it would fit.
pub async fn a_second_change_of_a_job_in_a_batch_is_stale(store: Fixture) {
    let jobs = started(&store, 3).await;
    let now = store.now();
    let first = factory::change(&jobs[0], jobs[0].suspend("for a review".into()));
    let suspended = Job { state: first.next.clone(), ..jobs[0].clone() };
    let fits_then = factory::change(&suspended, suspended.resume());
    let stale =
        Change { expected: Revision::from_number(99), ..factory::change(&jobs[1], jobs[1].complete(now)) };
    let fits = factory::change(&jobs[1], jobs[1].complete(now));
    let third = factory::change(&jobs[2], jobs[2].complete(now));
    let batch = [first.clone(), fits_then, stale, fits, first, third];
    let replies = store.apply(&batch).await;
    assert_eq!(replies[..2], [Reply::Applied, Reply::Stale]);
    assert_eq!(replies[2..4], [Reply::Stale, Reply::Stale]);
    assert_eq!(replies[4..], [Reply::Stale, Reply::Applied]);
    assert_eq!(store.get(jobs[0].id).await, suspended);
    assert_eq!(store.get(jobs[1].id).await, jobs[1]);
}

/// One change that cannot be applied spoils no other, and each has its answer at its place.
pub async fn a_bad_change_spoils_no_neighbour(store: Fixture) {
    let failed = store.at(JobStatus::Failed, &store.keyed("k")).await;
    let holder = store.create(&store.keyed("k")).await;
    let jobs = started_of(&store, "other", 7).await;
    store.delete(&Deletion::Ids(vec![jobs[5].id])).await;
    let now = store.now();
    store.moved(&factory::change(&jobs[2], jobs[2].complete(now))).await;
    let mut batch: Vec<_> =
        jobs.iter().map(|it| factory::change(it, it.fail("it broke".into(), now))).collect();
    batch.insert(1, factory::change(&failed, failed.requeue(false, now)));
    batch.reverse();
    let mut expected = vec![Reply::Applied; 8];
    expected[1] = Reply::KeyTaken { holder: holder.id };
    expected[3] = Reply::Stale;
    expected[6] = Reply::Gone;
    expected.reverse();
    assert_eq!(store.apply(&batch).await, expected);
}

/// A batch of a thousand is applied, each in its place.
pub async fn a_batch_of_a_thousand_changes_is_applied(store: Fixture) {
    let mut jobs = started(&store, 1000).await;
    jobs.reverse();
    let now = store.now();
    let changes: Vec<_> = jobs.iter().map(|it| factory::change(it, it.complete(now))).collect();
    assert_eq!(store.apply(&changes).await, vec![Reply::Applied; 1000]);
    let expected: Vec<_> =
        jobs.into_iter().zip(changes).map(|(job, change)| Job { state: change.next, ..job }).rev().collect();
    assert_eq!(store.all().await, expected);
}

/// A batch whose future was dropped was done wholly or not at all, and may be sent again.
pub async fn a_dropped_batch_may_be_sent_again(store: Fixture) {
    for polls in 0..8 {
        let jobs = started_of(&store, &format!("polled-{polls}"), 20).await;
        let changes: Vec<_> = jobs.iter().map(|it| factory::change(it, it.complete(store.now()))).collect();
        dropped_after(polls, store.store.apply(&changes)).await;
        let replies = store.apply(&changes).await;
        let [done, open] = [Reply::AlreadyApplied, Reply::Applied].map(|it| vec![it; 20]);
        assert!(replies == done || replies == open, "after {polls} polls: {replies:?}");
        assert_eq!(store.apply(&changes).await, done);
    }
}

/// A batch of nothing is answered with nothing.
pub async fn an_empty_batch_of_changes_is_nothing(store: Fixture) {
    assert_eq!(store.apply(&[]).await, []);
}

async fn started(store: &Fixture, n: usize) -> Vec<Job> {
    started_of(store, "test", n).await
}

async fn started_of(store: &Fixture, type_name: &str, n: usize) -> Vec<Job> {
    let jobs: Vec<_> =
        (0..n).map(|_| NewJob { type_name: factory::named(type_name), ..store.job() }).collect();
    store.insert(&jobs).await;
    let types = vec![factory::named(type_name)];
    let started = store.start(&Claim { types, limit: factory::limit(1000), ..store.claim() }).await;
    assert_eq!(started.len(), n);
    started
}

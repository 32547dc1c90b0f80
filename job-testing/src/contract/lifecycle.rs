//! Changes that fit: what is written, and what is left alone.

use crate::{Fixture, contract::ids, factory};
use job_core::{
    InvalidTransition, Job, JobState, JobStatus, NewJob, QueueName, Reply, Text, Then, Timestamp, Turn, Verb,
    store::Claim,
};
use std::time::Duration;

/// Whatever the core's verbs make of a job in any status is written as it is, and read back equal.
pub async fn every_verb_is_written_as_the_core_answers(store: Fixture) {
    for verb in Verb::ALL.into_iter().filter(|it| *it != Verb::Start) {
        for from in JobStatus::ALL {
            let new = NewJob { type_name: factory::named(&format!("{verb}-{from}")), ..store.keyed("k") };
            let job = store.at(from, &NewJob { turn: Some(Turn::new(&new.type_name)), ..new }).await;
            let now = store.now() + if verb == Verb::Lapse { factory::LEASE } else { Duration::from_secs(1) };
            let Ok(next) = factory::perform(verb, &job, now) else { continue };
            let change = factory::change(&job, Ok(next));
            let moved = store.moved(&change).await;
            assert_eq!(moved, Job { state: change.next, ..job.clone() }, "{verb} of a {from} job");
            assert_eq!(moved.state.revision(), job.state.revision().next());
            assert_eq!(moved.state.changed_by(), Some(change.by));
        }
    }
}

/// A completed job is Completed, has the date of its end, and no lease.
pub async fn a_completed_job_is_dated(store: Fixture) {
    ends_as(&store, JobStatus::Completed, |job, now| job.complete(now)).await;
}

/// A failed job is Failed, has the date of its end and its error, and no lease.
pub async fn a_failed_job_is_dated_and_keeps_its_error(store: Fixture) {
    let error = Text::new("Ошибка: \u{1f4a5}\n\tat line 3");
    let failed = ends_as(&store, JobStatus::Failed, |job, now| job.fail(error.clone(), now)).await;
    assert_eq!(failed.state.last_error(), Some(&error));
}

async fn ends_as(
    store: &Fixture,
    status: JobStatus,
    verb: impl Fn(&Job, Timestamp) -> Result<JobState, InvalidTransition>,
) -> Job {
    let job = store.running(&store.job()).await;
    let now = store.advance(Duration::from_secs(3));
    let ended = store.moved(&factory::change(&job, verb(&job, now))).await;
    assert_eq!((ended.state.status(), ended.state.date_finished()), (status, Some(now)));
    assert_eq!(ended.state.lease(), None);
    ended
}

/// A job that is requeued has no date of its end, and its attempts begin anew.
pub async fn a_requeued_job_begins_anew(store: Fixture) {
    let failed = store.at(JobStatus::Failed, &store.job()).await;
    let now = store.advance(Duration::from_secs(3));
    let waiting = store.moved(&factory::change(&failed, failed.requeue(false, now))).await;
    assert_eq!((waiting.state.status(), waiting.state.attempt_count()), (JobStatus::Waiting, 0));
    assert_eq!((waiting.state.date_finished(), waiting.state.scheduled_start()), (None, now));
    assert_eq!(store.start(&store.claim()).await.remove(0).state.attempt_count(), 1);
}

/// A job that was suspended is started once it is resumed, with its attempt given back.
pub async fn a_resumed_job_is_started_again(store: Fixture) {
    let job = store.running(&store.job()).await;
    let suspended = store.moved(&factory::change(&job, job.suspend("for a review".into()))).await;
    assert_eq!((suspended.state.status(), suspended.state.attempt_count()), (JobStatus::Suspended, 0));
    assert_eq!(store.start(&store.claim()).await, []);
    store.moved(&factory::change(&suspended, suspended.resume())).await;
    let started = store.start(&store.claim()).await;
    assert_eq!((started[0].id, started[0].state.attempt_count()), (job.id, 1));
}

/// A retry may move a job to another queue, where it is claimed from then on.
pub async fn a_retry_moves_to_another_queue(store: Fixture) {
    let job = store.running(&store.job()).await;
    let slow: QueueName = factory::named("slow");
    let retry = job.retry("it took too long".into(), store.now(), Some(slow.clone()));
    let moved = store.moved(&factory::change(&job, retry)).await;
    assert_eq!(moved.state.queue(), &slow);
    assert_eq!(store.start(&store.claim()).await, []);
    let claim = Claim { queue: slow, ..store.claim() };
    assert_eq!(ids(&store.start(&claim).await), [job.id]);
}

/// A change touches its own job only.
pub async fn a_change_touches_its_own_job_only(store: Fixture) {
    let job = store.running(&store.job()).await;
    let mut bystanders = vec![store.running(&store.job()).await, store.running(&store.job()).await];
    for _ in 0..3 {
        bystanders.push(store.create(&store.job()).await);
    }
    let now = store.advance(Duration::from_secs(1));
    store.moved(&factory::change(&job, job.fail("it broke".into(), now))).await;
    let others: Vec<_> = store.all().await.into_iter().filter(|it| it.id != job.id).collect();
    assert_eq!(others, bystanders);
}

/// What was asked for never changes, whatever happens to the job.
pub async fn the_spec_never_changes(store: Fixture) {
    let mut job = store.create(&store.keyed("k")).await;
    let spec = job.spec.clone();
    for verb in
        [Verb::Start, Verb::Retry, Verb::Reschedule, Verb::Suspend, Verb::Resume, Verb::Cancel, Verb::Requeue]
    {
        let now = store.advance(Duration::from_secs(60));
        job = match verb {
            Verb::Start => store.start(&store.claim()).await.remove(0),
            _ => store.moved(&factory::change(&job, factory::perform(verb, &job, now))).await,
        };
        assert_eq!(job.spec, spec, "after {verb}");
    }
    assert_eq!(job.change_count(), 7, "and each change counts");
}

/// A job whose completion deletes it is gone in the same step, and a second one finds it gone.
pub async fn a_deleting_change_leaves_no_row(store: Fixture) {
    let job = store.running(&store.keyed("k")).await;
    let change = factory::change(&job, job.complete(store.now())).deleting_completed();
    assert_eq!(change.then, Then::Delete);
    assert_eq!(store.change(&change).await, Reply::Applied);
    assert_eq!(store.find(job.id).await, None);
    assert_eq!(store.change(&change).await, Reply::Gone, "when it is sent again");
}

/// A change that would delete its job but does not fit deletes nothing.
pub async fn a_stale_deleting_change_deletes_nothing(store: Fixture) {
    let job = store.running(&store.job()).await;
    let now = store.now();
    let waiting = store.moved(&factory::change(&job, job.release())).await;
    let late = factory::change(&job, job.complete(now)).deleting_completed();
    assert_eq!(store.change(&late).await, Reply::Stale);
    assert_eq!(store.get(job.id).await, waiting);
}

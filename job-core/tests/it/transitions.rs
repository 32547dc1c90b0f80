//! Every status and verb, against the design's table.

use crate::fixtures::{actor, job_in, later, lease, soon};
use job_core::JobStatus::{Cancelled, Completed, Failed, Running, Suspended, Waiting};
use job_core::{
    Change, InvalidTransition, Job, JobState, JobStatus, Reply, StateParts, Text, UniqueScope, Verb,
};

/// Does `verb` to `job`, at a moment when leases have ended.
pub(crate) fn act(verb: Verb, job: &Job) -> Result<JobState, InvalidTransition> {
    let (now, text) = (later(), Text::from("why"));
    match verb {
        Verb::Start => job.start(lease(), now),
        Verb::Complete => job.complete(now),
        Verb::Fail => job.fail(text, now),
        Verb::Retry => job.retry(text, now, None),
        Verb::Snooze => job.snooze(now),
        Verb::Release => job.release(),
        Verb::Lapse => job.lapse(now, 5, now),
        Verb::Suspend => job.suspend(text),
        Verb::Resume => job.resume(),
        Verb::Cancel => job.cancel(text, now),
        Verb::Requeue => job.requeue(false, now),
        Verb::Reschedule => job.reschedule(now),
    }
}

/// The design's table: from which statuses a verb leads where.
fn table(verb: Verb) -> (&'static [JobStatus], JobStatus) {
    match verb {
        Verb::Start => (&[Waiting], Running),
        Verb::Complete => (&[Running], Completed),
        Verb::Fail => (&[Running], Failed),
        Verb::Retry | Verb::Snooze | Verb::Release | Verb::Lapse => (&[Running], Waiting),
        Verb::Suspend => (&[Waiting, Running], Suspended),
        Verb::Resume => (&[Suspended], Waiting),
        Verb::Cancel => (&[Waiting, Running, Suspended], Cancelled),
        Verb::Requeue => (&[Completed, Failed, Cancelled], Waiting),
        Verb::Reschedule => (&[Waiting], Waiting),
    }
}

#[test]
fn every_status_and_verb_is_in_the_table() {
    for status in JobStatus::ALL {
        for scope in [None, Some(UniqueScope::Waiting), Some(UniqueScope::Pending), Some(UniqueScope::Kept)] {
            let job = job_in(status, scope);
            for verb in Verb::ALL {
                let (from, to) = table(verb);
                if !from.contains(&status) {
                    assert_eq!(act(verb, &job), Err(InvalidTransition { from: status, verb }));
                    continue;
                }
                let next = act(verb, &job).unwrap();
                assert_eq!(next.status(), to, "{verb} from {status}");
                assert_eq!(next.revision(), job.state.revision().next(), "{verb} from {status}");
                assert_eq!(next.lease().is_some(), to == Running);
                assert_eq!(next.date_finished().is_some(), to.is_final());
                let held = scope.is_some_and(|it| it.holds(to));
                assert_eq!(next.held_key().is_some(), held, "{scope:?} after {verb}");
                assert_eq!(next.running_key().is_some(), to == Running, "only a running job holds its turn");
                assert_eq!(JobState::restore(next.parts()).as_ref(), Ok(&next), "parts fit together again");
            }
        }
    }
}

#[test]
fn pending_and_final_are_opposites() {
    let pending: Vec<_> = JobStatus::ALL.into_iter().filter(|it| it.is_pending()).collect();
    assert_eq!(pending, [Waiting, Running, Suspended]);
    assert!(JobStatus::ALL.into_iter().all(|it| it.is_final() != it.is_pending()));
}

#[test]
fn status_numbers_are_launchpads() {
    let numbers: Vec<_> = JobStatus::ALL.into_iter().map(|it| (it.number(), it.word())).collect();
    let expected =
        [(0, "waiting"), (1, "running"), (2, "completed"), (3, "failed"), (4, "suspended"), (5, "cancelled")];
    assert_eq!(numbers, expected);
    assert!(JobStatus::ALL.into_iter().all(|it| JobStatus::from_number(it.number()) == Some(it)));
    assert_eq!(JobStatus::from_number(6), None);
}

#[test]
fn a_start_counts_an_attempt_and_sets_the_date() {
    let next = job_in(Waiting, None).start(lease(), soon()).unwrap();
    assert_eq!((next.attempt_count(), next.date_started(), next.date_finished()), (1, Some(soon()), None));
    assert_eq!(next.changed_by(), Some(lease().holder));
}

#[test]
fn a_job_does_not_start_early_nor_lapse_in_its_lease() {
    let waiting = job_in(Waiting, None);
    let job = Job { state: waiting.reschedule(later()).unwrap(), ..waiting };
    let refused = job.start(lease(), soon()).unwrap_err();
    assert_eq!(refused.to_string(), "cannot start a waiting job before its scheduled start");
    let refused = job_in(Running, None).lapse(later(), 5, soon()).unwrap_err();
    assert_eq!(refused.to_string(), "cannot lapse a running job whose lease has not ended");
    let refused = job_in(Completed, None).complete(soon()).unwrap_err();
    assert_eq!(refused.to_string(), "cannot complete a job that is completed");
}

#[test]
fn attempts_are_given_back_by_snooze_release_and_suspend_only() {
    let running = job_in(Running, None);
    for verb in Verb::ALL {
        let Ok(next) = act(verb, &running) else { continue };
        let given_back = matches!(verb, Verb::Snooze | Verb::Release | Verb::Suspend);
        assert_eq!(next.attempt_count(), if given_back { 0 } else { 1 }, "{verb}");
    }
}

#[test]
fn a_release_keeps_the_place_in_the_queue() {
    let running = job_in(Running, None);
    assert_eq!(running.release().unwrap().scheduled_start(), running.state.scheduled_start());
}

#[test]
fn a_requeue_clears_the_end_and_forgets_the_attempts_unless_told() {
    let failed = job_in(Failed, None);
    let again = failed.requeue(false, later()).unwrap();
    assert_eq!((again.attempt_count(), again.date_finished(), again.scheduled_start()), (0, None, later()));
    assert_eq!(failed.requeue(true, later()).unwrap().attempt_count(), 1);
    let cancelled = job_in(Cancelled, None);
    assert!(
        cancelled.state.reason().is_some() && cancelled.requeue(false, later()).unwrap().reason().is_none()
    );
}

#[test]
fn a_job_that_keeps_crashing_fails_past_the_limit_and_when_no_attempt_is_left() {
    let mut job = job_in(Waiting, None);
    job.spec.max_retries = 1000;
    for crash in 1..=3 {
        let started = Job { state: job.start(lease(), later()).unwrap(), ..job.clone() };
        let next = started.lapse(later(), 2, later()).unwrap();
        assert_eq!(next.crash_count(), crash);
        assert_eq!(next.status(), if crash <= 2 { Waiting } else { Failed });
        job = Job { state: next, ..job };
    }
    let mut last = job_in(Running, None);
    last.spec.max_retries = 0;
    assert_eq!(last.lapse(later(), 5, later()).unwrap().status(), Failed);
}

#[test]
fn a_change_is_recognised_when_its_reply_was_lost() {
    let job = job_in(Running, Some(UniqueScope::Waiting));
    let change = Change::new(&job, job.complete(later()).unwrap(), actor(1));
    assert!(change.fits(&job.state) && !change.takes_key);
    assert_eq!(change.late_reply(&change.next), Reply::AlreadyApplied);
    let others = Change::new(&job, job.complete(later()).unwrap(), actor(2));
    assert_eq!(change.late_reply(&others.next), Reply::Stale);
    let earlier = Change::new(&job, job.complete(soon()).unwrap(), actor(1));
    assert_eq!(change.late_reply(&earlier.next), Reply::Stale, "the same actor, to the same status");

    let retry = Change::new(&job, job.release().unwrap(), actor(1)).or_supersede(&job, later());
    assert!(retry.takes_key);
    let superseded = retry.if_taken.superseded_by(job.id).unwrap();
    assert_eq!((superseded.status(), superseded.superseded_by()), (Cancelled, Some(job.id)));
    assert_eq!(retry.late_reply(&superseded), Reply::Superseded { by: job.id });
    let earlier = Change::new(&job, job.release().unwrap(), actor(1)).or_supersede(&job, soon());
    assert_eq!(earlier.late_reply(&superseded), Reply::Stale, "superseded by another change of the actor");
}

#[test]
fn a_lapse_guard_holds_off_while_the_lease_is_renewed() {
    let job = job_in(Running, None);
    let change = Change::new(&job, job.lapse(later(), 5, later()).unwrap(), actor(2)).if_lapsed(soon());
    assert!(!change.fits(&job.state), "the lease holds at that time");
    assert!(change.if_lapsed(later()).fits(&job.state));
}

#[test]
fn parts_that_contradict_each_other_are_refused() {
    let waiting = job_in(Waiting, None).state.parts();
    let running = job_in(Running, None).state.parts();
    let broken = [
        StateParts { lease: Some(lease()), ..waiting.clone() },
        StateParts { lease: None, ..running.clone() },
        StateParts { date_finished: Some(soon()), ..waiting.clone() },
        StateParts { status: Completed, ..waiting.clone() },
        StateParts { running_key: running.running_key, ..waiting },
    ];
    let words: Vec<_> = broken.into_iter().map(|it| JobState::restore(it).unwrap_err().to_string()).collect();
    let expected = [
        "the job is waiting and has a lease",
        "the job is running and has no lease",
        "the job is waiting and has a date_finished",
        "the job is completed and has no date_finished",
        "the job is waiting and holds a turn",
    ];
    assert_eq!(words, expected);
}

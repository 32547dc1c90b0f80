//! Every row of the table that decides what an outcome means.

use crate::fixtures::{job_in, later};
use job_core::JobStatus::{Cancelled, Completed, Failed, Running, Suspended, Waiting};
use job_core::{AgeStep, Ask, Job, JobStatus, Notice, Outcome, Policy, QueueName, RetryPolicy, Text, settle};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn policy() -> Policy {
    Policy { retry: RetryPolicy::fixed(MINUTE).without_jitter(), ..Policy::default() }
}

fn running(max_retries: u32) -> Job {
    let mut job = job_in(Running, None);
    job.spec.max_retries = max_retries;
    job
}

/// Status, wait before the next start, and notice: with attempts left, and with none.
fn judged(outcome: &Outcome, policy: &Policy) -> [(JobStatus, Option<Duration>, Notice); 2] {
    [10, 0].map(|max_retries| {
        let verdict = settle(&running(max_retries), outcome, policy, later()).unwrap();
        let status = verdict.next.status();
        let wait = (status == Waiting).then(|| verdict.next.scheduled_start().since(later()));
        (status, wait, verdict.notice)
    })
}

#[test]
fn each_outcome_is_judged_as_the_table_says() {
    let text = || Text::from("why");
    let asked = |ask| Outcome::Asked(ask, text());
    let retried = |delay, notice| [(Waiting, Some(delay), notice), (Failed, None, Notice::Report)];
    let always = |status, wait, notice| [(status, wait, notice); 2];
    let hour = 60 * MINUTE;
    let cases = [
        (Outcome::Done, always(Completed, None, Notice::Quiet)),
        (asked(Ask::Snooze(hour)), always(Waiting, Some(hour), Notice::Quiet)),
        (asked(Ask::Suspend(text())), always(Suspended, None, Notice::Quiet)),
        (asked(Ask::Cancel(text())), always(Cancelled, None, Notice::Quiet)),
        (asked(Ask::TellUser(text())), always(Failed, None, Notice::User)),
        (asked(Ask::Retry), retried(MINUTE, Notice::Expected)),
        (asked(Ask::RetryIn(hour)), retried(hour, Notice::Expected)),
        (asked(Ask::RetryAt(later() + hour)), retried(hour, Notice::Expected)),
        (Outcome::Failed(text()), retried(MINUTE, Notice::Warn)),
        (Outcome::Panicked(text()), retried(MINUTE, Notice::Warn)),
        (Outcome::TimedOut(hour), retried(MINUTE, Notice::Warn)),
        (Outcome::Undecodable(text()), retried(MINUTE, Notice::Warn)),
        (Outcome::Crashed(text()), retried(MINUTE, Notice::Warn)),
        (Outcome::Lapsed, retried(Duration::ZERO, Notice::Warn)),
    ];
    for (outcome, expected) in cases {
        assert_eq!(judged(&outcome, &policy()), expected, "{outcome:?}");
    }
}

#[test]
fn a_time_out_moves_to_the_slow_lane_once() {
    let slow = QueueName::new("slow").unwrap();
    let policy = Policy { slow_queue: Some(slow.clone()), ..policy() };
    let outcome = Outcome::TimedOut(MINUTE);
    let expected = [(Waiting, Some(Duration::ZERO), Notice::Warn), (Failed, None, Notice::Report)];
    assert_eq!(judged(&outcome, &policy), expected);
    let moved = settle(&running(10), &outcome, &policy, later()).unwrap().next;
    assert_eq!(moved.queue(), &slow);

    let waiting = Job { state: moved, ..running(10) };
    let again = Job { state: waiting.start(crate::fixtures::lease(), later()).unwrap(), ..waiting };
    let next = settle(&again, &outcome, &policy, later()).unwrap().next;
    assert_eq!(next.scheduled_start().since(later()), MINUTE, "in the slow lane it is a plain error");
}

#[test]
fn a_second_lapse_waits_as_the_policy_says() {
    let first = running(10);
    let waiting = Job { state: settle(&first, &Outcome::Lapsed, &policy(), later()).unwrap().next, ..first };
    let again = Job { state: waiting.start(crate::fixtures::lease(), later()).unwrap(), ..waiting };
    let next = settle(&again, &Outcome::Lapsed, &policy(), later()).unwrap().next;
    assert_eq!(next.scheduled_start().since(later()), MINUTE);
}

#[test]
fn a_policy_that_gives_up_fails_the_job_whatever_is_left() {
    let young = AgeStep { up_to: Duration::from_secs(1), delay: MINUTE };
    let policy = Policy { retry: RetryPolicy::by_age(vec![young]), ..Policy::default() };
    let error = Outcome::Failed(Text::from("boom"));
    assert_eq!(judged(&error, &policy), [(Failed, None, Notice::Report); 2]);
}

#[test]
fn a_job_that_does_not_run_is_not_judged() {
    for status in JobStatus::ALL.into_iter().filter(|it| *it != Running) {
        let outcomes = [Outcome::Done, Outcome::Lapsed, Outcome::Failed(Text::from("x"))];
        assert!(outcomes.iter().all(|it| settle(&job_in(status, None), it, &policy(), later()).is_err()));
    }
}

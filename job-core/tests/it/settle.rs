//! Every row of the table that decides what an outcome means.

use crate::fixtures::{job_in, later, lease};
use job_core::JobStatus::{Cancelled, Completed, Failed, Running, Suspended, Waiting};
use job_core::{AgeStep, Ask, Job, JobStatus, Notice, Outcome, Policy, QueueName, RetryPolicy, Text, settle};
use proptest::prelude::*;
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
    let again = Job { state: waiting.start(lease(), later()).unwrap(), ..waiting };
    let next = settle(&again, &outcome, &policy, later()).unwrap().next;
    assert_eq!(next.scheduled_start().since(later()), MINUTE, "in the slow lane it is a plain error");
}

#[test]
fn a_second_lapse_waits_as_the_policy_says() {
    let first = running(10);
    let waiting = Job { state: settle(&first, &Outcome::Lapsed, &policy(), later()).unwrap().next, ..first };
    let again = Job { state: waiting.start(lease(), later()).unwrap(), ..waiting };
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

#[test]
fn a_job_that_is_too_old_at_the_time_asked_for_fails() {
    let hour = 60 * MINUTE;
    let job = running(10);
    let age = later().since(job.spec.date_created);
    let policy = Policy { retry: policy().retry.give_up_after(age + hour), ..policy() };
    let text = || Text::from("why");
    let cases = [
        (Outcome::Asked(Ask::RetryIn(hour), text()), Waiting),
        (Outcome::Asked(Ask::RetryIn(hour + MINUTE), text()), Failed),
        (Outcome::Asked(Ask::RetryAt(later() + 2 * hour), text()), Failed),
        // A snooze is no failure.
        (Outcome::Asked(Ask::Snooze(2 * hour), text()), Waiting),
    ];
    for (outcome, status) in cases {
        let next = settle(&job, &outcome, &policy, later()).unwrap().next;
        assert_eq!(next.status(), status, "{outcome:?}");
    }
    let old = Policy { retry: policy.retry.clone().give_up_after(age - MINUTE), ..policy };
    for outcome in [Outcome::Lapsed, Outcome::Failed(text())] {
        assert_eq!(settle(&job, &outcome, &old, later()).unwrap().next.status(), Failed, "{outcome:?}");
    }
}

/// Runs a job that never succeeds to its end, `step` after each start; gives how often it was started, its delays, and
/// its last state.
fn lives(
    mut job: Job,
    policy: &Policy,
    outcome: &Outcome,
    step: Duration,
) -> (u32, Vec<Duration>, JobStatus) {
    let (mut starts, mut delays) = (0, Vec::new());
    loop {
        let now = job.state.scheduled_start().max(later());
        job.state = job.start(lease(), now).unwrap();
        starts += 1;
        let ends = now + step;
        let next = settle(&job, outcome, policy, ends).unwrap().next;
        job.state = next;
        if job.state.status() != Waiting {
            return (starts, delays, job.state.status());
        }
        delays.push(job.state.scheduled_start().since(ends));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_job_that_never_succeeds_is_started_as_often_as_it_may_be(max_retries in 0_u32..40, panics in any::<bool>()) {
        let mut job = job_in(Waiting, None);
        job.spec.max_retries = max_retries;
        let outcome = if panics { Outcome::Panicked("x".into()) } else { Outcome::Failed("x".into()) };
        // Progress counts only where the policy says so.
        let policy = Policy { progressed: true, ..policy() };
        let (starts, _, status) = lives(job, &policy, &outcome, MINUTE);
        prop_assert_eq!((starts, status), (max_retries + 1, Failed));
    }

    #[test]
    fn progress_counts_anew_while_the_job_is_young_and_then_no_more(max_retries in 0_u32..9, minutes in 0_u32..200) {
        let mut job = job_in(Waiting, None);
        job.spec.max_retries = max_retries;
        let born = later().since(job.spec.date_created);
        let within = MINUTE * minutes;
        let retry = RetryPolicy::list(vec![MINUTE, 2 * MINUTE]).without_jitter().reset_on_progress(born + within);
        let policy = Policy { retry, progressed: true, ..Policy::default() };
        let (starts, delays, status) = lives(job, &policy, &Outcome::Failed("x".into()), MINUTE);
        prop_assert_eq!(status, Failed);
        // An attempt and its delay take two minutes. Each that ends within the time counts as the first, and after
        // the last of these there are as many as after any first one.
        let resets = if max_retries == 0 { 0 } else { minutes.div_ceil(2) };
        prop_assert_eq!(starts, resets.max(1) + max_retries);
        prop_assert!(delays.iter().take(usize::try_from(resets).unwrap()).all(|it| *it == MINUTE));
    }
}

//! Retry policies are total: any attempt, age and seed, without overflow, within the jitter.

use job_core::{AgeStep, Backoff, Outcome, RetryPolicy, Setback};
use proptest::prelude::*;
use std::{error::Error, fmt, io, time::Duration};

const SECOND: Duration = Duration::from_secs(1);

/// Seconds, one more with each attempt; none for a job older than a day.
fn own(setback: &Setback<'_>) -> Option<Duration> {
    (setback.age <= 86_400 * SECOND).then(|| SECOND.saturating_mul(setback.attempt))
}

fn delay(policy: &RetryPolicy, attempt: u32, age: Duration, seed: u64) -> Option<Duration> {
    policy.delay(&Setback { attempt, age, outcome: &Outcome::Failed("x".into()), error: None }, seed)
}

fn backoff() -> impl Strategy<Value = Backoff> {
    let duration = || {
        prop_oneof![any::<u64>().prop_map(Duration::from_millis), Just(Duration::MAX), Just(Duration::ZERO)]
    };
    let step = (duration(), duration()).prop_map(|(up_to, delay)| AgeStep { up_to, delay });
    prop_oneof![
        (duration(), duration()).prop_map(|(first, cap)| Backoff::Exponential { first, cap }),
        duration().prop_map(Backoff::Fixed),
        proptest::collection::vec(duration(), 0..4).prop_map(|it| Backoff::List(it.into())),
        proptest::collection::vec(step, 0..4).prop_map(|it| Backoff::ByAge(it.into())),
        Just(RetryPolicy::own(own).backoff),
    ]
}

proptest! {
    #[test]
    fn every_attempt_number_has_a_delay_within_the_jitter(
        backoff in backoff(), jitter in 0_u8..=255, attempt in any::<u32>(), age in any::<u64>(), seed in any::<u64>()
    ) {
        let age = Duration::from_millis(age);
        let policy = RetryPolicy { jitter, ..RetryPolicy::new(backoff) };
        let exact = delay(&policy.clone().without_jitter(), attempt, age, seed);
        let again = delay(&policy, attempt, age, seed);
        let delay = delay(&policy, attempt, age, seed);
        prop_assert_eq!(delay, again, "the same seed gives the same delay");
        prop_assert_eq!(delay.is_some(), exact.is_some());
        if let (Some(exact), Some(delay)) = (exact, delay) && exact < Duration::from_secs(1 << 40) {
            let most = exact.as_secs_f64() * f64::from(jitter.min(100)) / 100.0;
            let off = (delay.as_secs_f64() - exact.as_secs_f64()).abs();
            prop_assert!(off <= most + 1e-3 * exact.as_secs_f64().max(1e-6), "{delay:?} is off {exact:?} by more than {jitter} %");
        }
    }

    #[test]
    fn no_attempt_is_planned_for_when_the_job_is_too_old(
        backoff in backoff(), attempt in any::<u32>(), age in any::<u64>(), most in any::<u64>(), seed in any::<u64>()
    ) {
        let (age, most) = (Duration::from_millis(age), Duration::from_millis(most));
        let patient = RetryPolicy::new(backoff);
        let planned = delay(&patient, attempt, age, seed).filter(|it| age.saturating_add(*it) <= most);
        prop_assert_eq!(delay(&patient.give_up_after(most), attempt, age, seed), planned);
    }
}

fn delays(policy: &RetryPolicy, attempts: impl IntoIterator<Item = u32>) -> Vec<u64> {
    attempts.into_iter().map(|it| delay(policy, it, Duration::ZERO, 1).unwrap().as_secs()).collect()
}

#[test]
fn the_default_doubles_from_15_seconds_to_an_hour() {
    let policy = RetryPolicy::default().without_jitter();
    assert_eq!(delays(&policy, [1, 2, 3, 8, 9, 310, u32::MAX]), [15, 30, 60, 1920, 3600, 3600, 3600]);
}

#[test]
fn the_last_delay_of_a_list_repeats() {
    let policy = RetryPolicy::list(vec![15 * SECOND, 15 * SECOND, 60 * SECOND]).without_jitter();
    assert_eq!(delays(&policy, [1, 2, 3, 4, u32::MAX]), [15, 15, 60, 60, 60]);
}

#[test]
fn a_policy_by_age_gives_up_past_its_last_step() {
    let minute = AgeStep { up_to: 600 * SECOND, delay: 60 * SECOND };
    let hour = AgeStep { up_to: 86_400 * SECOND, delay: 3600 * SECOND };
    let policy = RetryPolicy::by_age(vec![minute, hour]).without_jitter();
    let at = |age| delay(&policy, 1000, age, 0);
    assert_eq!(at(600 * SECOND), Some(60 * SECOND));
    assert_eq!(at(601 * SECOND), Some(3600 * SECOND));
    assert_eq!(at(86_401 * SECOND), None);
}

#[test]
fn jobs_that_failed_together_come_back_apart() {
    let policy = RetryPolicy::fixed(100 * SECOND);
    let delays: std::collections::BTreeSet<_> =
        (0..100).map(|seed| delay(&policy, 1, SECOND, seed)).collect();
    assert!(delays.len() > 90, "{} different delays", delays.len());
}

/// An error of the application's, about one of the system's.
#[derive(Debug)]
struct Fetch(io::Error);

impl fmt::Display for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the page cannot be fetched")
    }
}

impl Error for Fetch {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn a_policy_of_its_own_sees_the_attempt_and_the_error_among_its_sources() {
    fn by_kind(setback: &Setback<'_>) -> Option<Duration> {
        let refused = setback.error_as::<io::Error>()?.kind() == io::ErrorKind::ConnectionRefused;
        refused.then(|| SECOND * setback.attempt)
    }
    let policy = RetryPolicy::own(by_kind).without_jitter();
    let outcome = Outcome::Failed("x".into());
    let asked = |error: &(dyn Error + 'static)| {
        let setback = Setback { attempt: 7, age: SECOND, outcome: &outcome, error: Some(error) };
        // What was answered while the error was there holds when it is gone.
        let answered = policy.asked(&setback).unwrap();
        let later = answered.delay(&Setback { error: None, ..setback }, 0);
        assert_eq!(later, policy.delay(&setback, 0));
        later
    };
    assert_eq!(asked(&Fetch(io::ErrorKind::ConnectionRefused.into())), Some(7 * SECOND));
    assert_eq!(asked(&io::Error::from(io::ErrorKind::ConnectionRefused)), Some(7 * SECOND));
    assert_eq!(asked(&Fetch(io::ErrorKind::NotFound.into())), None);
    assert_eq!(asked(&fmt::Error), None);
    assert_eq!(
        RetryPolicy::default().asked(&Setback { attempt: 1, age: SECOND, outcome: &outcome, error: None }),
        None
    );
}

//! Retry policies are total: any attempt, age and seed, without overflow, within the jitter.

use job_core::{AgeStep, Backoff, RetryPolicy};
use proptest::prelude::*;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

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
    ]
}

proptest! {
    #[test]
    fn every_attempt_number_has_a_delay_within_the_jitter(
        backoff in backoff(), jitter in 0_u8..=255, attempt in any::<u32>(), age in any::<u64>(), seed in any::<u64>()
    ) {
        let age = Duration::from_millis(age);
        let policy = RetryPolicy { backoff, jitter };
        let exact = policy.clone().without_jitter().delay(attempt, age, seed);
        let delay = policy.delay(attempt, age, seed);
        prop_assert_eq!(delay, policy.delay(attempt, age, seed), "the same seed gives the same delay");
        prop_assert_eq!(delay.is_some(), exact.is_some());
        if let (Some(exact), Some(delay)) = (exact, delay) && exact < Duration::from_secs(1 << 40) {
            let most = exact.as_secs_f64() * f64::from(jitter.min(100)) / 100.0;
            let off = (delay.as_secs_f64() - exact.as_secs_f64()).abs();
            prop_assert!(off <= most + 1e-3 * exact.as_secs_f64().max(1e-6), "{delay:?} is off {exact:?} by more than {jitter} %");
        }
    }
}

fn delays(policy: &RetryPolicy, attempts: impl IntoIterator<Item = u32>) -> Vec<u64> {
    attempts.into_iter().map(|it| policy.delay(it, Duration::ZERO, 1).unwrap().as_secs()).collect()
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
    let at = |age| policy.delay(1000, age, 0);
    assert_eq!(at(600 * SECOND), Some(60 * SECOND));
    assert_eq!(at(601 * SECOND), Some(3600 * SECOND));
    assert_eq!(at(86_401 * SECOND), None);
}

#[test]
fn jobs_that_failed_together_come_back_apart() {
    let policy = RetryPolicy::fixed(100 * SECOND);
    let delays: std::collections::BTreeSet<_> = (0..100).map(|seed| policy.delay(1, SECOND, seed)).collect();
    assert!(delays.len() > 90, "{} different delays", delays.len());
}

//! Retry policies: how long to wait after an attempt that failed. Pure, and total at every attempt number.

use crate::COUNT_MAX;
use std::{borrow::Cow, time::Duration};

/// How long a failed job waits before its next attempt, and when it gives up.
///
/// ```
/// use job_core::RetryPolicy;
/// use std::time::Duration;
///
/// let steady = RetryPolicy::fixed(Duration::from_secs(60)).without_jitter();
/// assert_eq!(steady.delay(7, Duration::ZERO, 0), Some(Duration::from_secs(60)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// The delay before jitter.
    pub backoff: Backoff,
    /// By how many per cent, 0 to 100, a delay may be longer or shorter, so that jobs that failed together do
    /// not come back together.
    pub jitter: u8,
}

/// The shape of the delays.
#[derive(Clone, Debug, PartialEq)]
pub enum Backoff {
    /// `first`, doubled with every attempt, at most `cap`.
    Exponential {
        /// After the first attempt.
        first: Duration,
        /// The longest.
        cap: Duration,
    },
    /// Always the same.
    Fixed(Duration),
    /// One after the other; the last again and again. An empty list means no delay.
    List(Cow<'static, [Duration]>),
    /// By the age of the job: the first step that it is not too old for. Past the last step the job gives up,
    /// however many attempts are left.
    ByAge(Cow<'static, [AgeStep]>),
}

/// A step of [`Backoff::ByAge`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AgeStep {
    /// For jobs up to this age.
    pub up_to: Duration,
    /// The delay.
    pub delay: Duration,
}

impl Default for RetryPolicy {
    /// 15 s, 30 s, 1 min, … up to 1 h, ±10 %.
    fn default() -> Self {
        Self::exponential(Duration::from_secs(15), Duration::from_secs(3600))
    }
}

impl RetryPolicy {
    /// `first` doubled with every attempt, at most `cap`, ±10 %.
    #[must_use]
    pub const fn exponential(first: Duration, cap: Duration) -> Self {
        Self { backoff: Backoff::Exponential { first, cap }, jitter: 10 }
    }

    /// Always `delay`, ±10 %.
    #[must_use]
    pub const fn fixed(delay: Duration) -> Self {
        Self { backoff: Backoff::Fixed(delay), jitter: 10 }
    }

    /// One delay after the other, the last again and again, ±10 %.
    #[must_use]
    pub fn list(delays: impl Into<Cow<'static, [Duration]>>) -> Self {
        Self { backoff: Backoff::List(delays.into()), jitter: 10 }
    }

    /// By the job's age, and giving up past the last step; ±10 %.
    #[must_use]
    pub fn by_age(steps: impl Into<Cow<'static, [AgeStep]>>) -> Self {
        Self { backoff: Backoff::ByAge(steps.into()), jitter: 10 }
    }

    /// The same delays, exactly.
    #[must_use]
    pub fn without_jitter(self) -> Self {
        Self { jitter: 0, ..self }
    }

    /// The delay after attempt number `attempt` (from 1) of a job that is `age` old; `None` to give up.
    ///
    /// `seed` moves the delay within the jitter; the same seed and attempt give the same delay.
    #[must_use]
    pub fn delay(&self, attempt: u32, age: Duration, seed: u64) -> Option<Duration> {
        let attempt = attempt.clamp(1, COUNT_MAX);
        let exact = match &self.backoff {
            Backoff::Exponential { first, cap } => {
                first.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX)).min(*cap)
            }
            Backoff::Fixed(delay) => *delay,
            Backoff::List(delays) => {
                let index =
                    usize::try_from(attempt - 1).unwrap_or(usize::MAX).min(delays.len().saturating_sub(1));
                delays.get(index).copied().unwrap_or_default()
            }
            Backoff::ByAge(steps) => steps.iter().find(|it| age <= it.up_to)?.delay,
        };
        Some(self.jittered(exact, attempt, seed))
    }

    fn jittered(&self, exact: Duration, attempt: u32, seed: u64) -> Duration {
        let jitter = f64::from(self.jitter.min(100)) / 100.0;
        if jitter == 0.0 {
            return exact;
        }
        // The upper 32 bits of the mix, as a fraction of their greatest value: -1 to 1.
        let mixed = u32::try_from(mix(seed ^ u64::from(attempt)) >> 32).unwrap_or(0);
        let swing = f64::from(mixed) / f64::from(u32::MAX) * 2.0 - 1.0;
        Duration::try_from_secs_f64(exact.as_secs_f64() * swing.mul_add(jitter, 1.0)).unwrap_or(Duration::MAX)
    }
}

/// `SplitMix64`'s finalizer: spreads a seed over all 64 bits.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

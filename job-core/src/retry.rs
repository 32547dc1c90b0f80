//! Retry policies: how long to wait after an attempt that failed. Pure, and total at every attempt number.

use crate::{COUNT_MAX, Outcome};
use std::{borrow::Cow, error::Error, fmt, time::Duration};

/// How long a failed job waits before its next attempt, and when it gives up.
///
/// ```
/// use job_core::{Outcome, RetryPolicy, Setback};
/// use std::time::Duration;
///
/// let hour = Duration::from_secs(3600);
/// let steady = RetryPolicy::fixed(Duration::from_secs(60)).without_jitter().give_up_after(hour);
/// let outcome = Outcome::Failed("no route to host".into());
/// let setback = Setback { attempt: 7, age: hour / 2, outcome: &outcome, error: None };
/// assert_eq!(steady.delay(&setback, 0), Some(Duration::from_secs(60)));
/// assert_eq!(steady.delay(&Setback { age: hour, ..setback }, 0), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// The delay before jitter.
    pub backoff: Backoff,
    /// By how many per cent, 0 to 100, a delay may be longer or shorter, so that jobs that failed together do
    /// not come back together.
    pub jitter: u8,
    /// The age past which a job is not tried again, however many attempts are left: no retry is planned for a time
    /// when the job is older. Counted from its creation.
    pub give_up_after: Option<Duration>,
    /// Up to which age an attempt that reported progress counts as the job's first when it fails; see
    /// [`reset_on_progress`](Self::reset_on_progress).
    pub reset_on_progress: Option<Duration>,
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
    /// As the type's own function says.
    Own(OwnDelay),
}

/// A type's own function from a setback to a delay; `None` gives up. It must be pure: a runner may ask it more than
/// once, and one that panics is replaced by the default policy.
#[derive(Clone, Copy)]
pub struct OwnDelay(fn(&Setback<'_>) -> Option<Duration>);

/// What a policy knows about an attempt that did not succeed.
#[derive(Clone, Copy, Debug)]
pub struct Setback<'a> {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// How old the job is.
    pub age: Duration,
    /// How the attempt ended.
    pub outcome: &'a Outcome,
    /// The handler's error, if it returned one. None after a panic, a time-out, a crash and the like.
    pub error: Option<&'a (dyn Error + 'static)>,
}

impl<'a> Setback<'a> {
    /// The error itself, or the first among its sources, that is an `E`.
    #[must_use]
    pub fn error_as<E: Error + 'static>(&self) -> Option<&'a E> {
        let mut next = self.error;
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}

impl PartialEq for OwnDelay {
    /// Whether it is the same function, as far as addresses tell.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl fmt::Debug for OwnDelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnDelay").finish_non_exhaustive()
    }
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
        Self::new(Backoff::Exponential { first, cap })
    }

    /// Always `delay`, ±10 %.
    #[must_use]
    pub const fn fixed(delay: Duration) -> Self {
        Self::new(Backoff::Fixed(delay))
    }

    /// One delay after the other, the last again and again, ±10 %.
    #[must_use]
    pub fn list(delays: impl Into<Cow<'static, [Duration]>>) -> Self {
        Self::new(Backoff::List(delays.into()))
    }

    /// By the job's age, and giving up past the last step; ±10 %.
    #[must_use]
    pub fn by_age(steps: impl Into<Cow<'static, [AgeStep]>>) -> Self {
        Self::new(Backoff::ByAge(steps.into()))
    }

    /// As `delay` says, which sees the attempt and its error; ±10 %.
    ///
    /// ```
    /// use job_core::{RetryPolicy, Setback};
    /// use std::{io, time::Duration};
    ///
    /// fn delay(setback: &Setback<'_>) -> Option<Duration> {
    ///     let second = Duration::from_secs(1);
    ///     match setback.error_as::<io::Error>().map(io::Error::kind) {
    ///         Some(io::ErrorKind::PermissionDenied) => None,
    ///         Some(io::ErrorKind::ConnectionRefused) => Some(60 * second),
    ///         _ => Some(second * setback.attempt),
    ///     }
    /// }
    /// let policy = RetryPolicy::own(delay);
    /// ```
    #[must_use]
    pub const fn own(delay: fn(&Setback<'_>) -> Option<Duration>) -> Self {
        Self::new(Backoff::Own(OwnDelay(delay)))
    }

    /// These delays, ±10 %, for as long as attempts are left.
    #[must_use]
    pub const fn new(backoff: Backoff) -> Self {
        Self { backoff, jitter: 10, give_up_after: None, reset_on_progress: None }
    }

    /// The same delays, exactly.
    #[must_use]
    pub fn without_jitter(self) -> Self {
        Self { jitter: 0, ..self }
    }

    /// The same delays, but no attempt is planned for when the job is older than `age`.
    #[must_use]
    pub fn give_up_after(self, age: Duration) -> Self {
        Self { give_up_after: Some(age), ..self }
    }

    /// While a job is no older than `within`, an attempt that reported progress counts as its first when it fails: the
    /// attempts before it are given back, and delays begin anew. For long work that goes on where it stopped.
    ///
    /// The age is what bounds it: past it, a job has at most `max_retries` further attempts. A lapsed lease resets
    /// nothing, so that a job that kills its process cannot loop.
    #[must_use]
    pub fn reset_on_progress(self, within: Duration) -> Self {
        Self { reset_on_progress: Some(within), ..self }
    }

    /// Whether a job is too old to be started at this age.
    #[must_use]
    pub fn is_too_old(&self, age: Duration) -> bool {
        self.give_up_after.is_some_and(|most| age > most)
    }

    /// The same policy, with what its own function says about this setback in the function's place; `None` if it has
    /// none. For runners: they ask while the error is there, and [`settle`](crate::settle()) has only its text.
    #[must_use]
    pub fn asked(&self, setback: &Setback<'_>) -> Option<Self> {
        let Backoff::Own(OwnDelay(own)) = self.backoff else { return None };
        let backoff = own(setback).map_or(Backoff::ByAge(Cow::Borrowed(&[])), Backoff::Fixed);
        Some(Self { backoff, ..self.clone() })
    }

    /// The delay after a setback; `None` to give up.
    ///
    /// `seed` moves the delay within the jitter; the same seed and attempt give the same delay.
    #[must_use]
    pub fn delay(&self, setback: &Setback<'_>, seed: u64) -> Option<Duration> {
        let attempt = setback.attempt.clamp(1, COUNT_MAX);
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
            Backoff::ByAge(steps) => steps.iter().find(|it| setback.age <= it.up_to)?.delay,
            Backoff::Own(OwnDelay(own)) => own(&Setback { attempt, ..*setback })?,
        };
        let delay = self.jittered(exact, attempt, seed);
        (!self.is_too_old(setback.age.saturating_add(delay))).then_some(delay)
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

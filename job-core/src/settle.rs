//! The one place that decides what an attempt's outcome means for its job.

use crate::{Ask, InvalidTransition, Job, JobState, QueueName, RetryPolicy, Setback, Text, Timestamp};
use std::time::Duration;

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The handler returned Ok.
    Done,
    /// The handler asked for something; the text is its whole error.
    Asked(Ask, Text),
    /// The handler failed.
    Failed(Text),
    /// The handler panicked.
    Panicked(Text),
    /// The handler did not end in its time.
    TimedOut(Duration),
    /// The stored args are no longer args of the type.
    Undecodable(Text),
    /// The process that ran the handler died.
    Crashed(Text),
    /// The lease ended and the runner was not heard of again.
    Lapsed,
}

impl Outcome {
    /// The outcome in a word, for notes and logs.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Asked(Ask::Retry | Ask::RetryIn(_) | Ask::RetryAt(_), _) => "retry",
            Self::Asked(Ask::Snooze(_), _) => "snooze",
            Self::Asked(Ask::Suspend(_), _) => "suspend",
            Self::Asked(Ask::Cancel(_), _) => "cancel",
            Self::Asked(Ask::TellUser(_), _) => "user-error",
            Self::Failed(_) => "error",
            Self::Panicked(_) => "panic",
            Self::TimedOut(_) => "time-out",
            Self::Undecodable(_) => "undecodable",
            Self::Crashed(_) => "crash",
            Self::Lapsed => "lapse",
        }
    }

    /// The error's text; none for a success or a lapse, whose text the verb makes.
    #[must_use]
    pub fn error(&self) -> Option<Text> {
        match self {
            Self::Done | Self::Lapsed => None,
            Self::Asked(_, text) | Self::Failed(text) => Some(text.clone()),
            Self::Panicked(text) => Some(Text::new(format_args!("panicked: {text}"))),
            Self::TimedOut(limit) => Some(Text::new(format_args!("ran longer than {limit:?}"))),
            Self::Undecodable(text) => Some(Text::new(format_args!("its args do not decode: {text}"))),
            Self::Crashed(text) => Some(Text::new(format_args!("its process died: {text}"))),
        }
    }
}

/// What a type and its section say about attempts that do not succeed.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// How long to wait before the next attempt.
    pub retry: RetryPolicy,
    /// Moves the delay within the policy's jitter; drawn by the runner.
    pub seed: u64,
    /// How many lapsed leases a job survives.
    pub crash_limit: u32,
    /// The lane that a timed-out job moves to; none, or the lane it is in, makes a time-out a plain error.
    pub slow_queue: Option<QueueName>,
    /// Whether the attempt reported progress; told by the runner. It counts only where the retry policy says so.
    pub progressed: bool,
}

impl Default for Policy {
    /// The default retry policy, crash limit 5, no slow lane, no progress.
    fn default() -> Self {
        Self { retry: RetryPolicy::default(), seed: 0, crash_limit: 5, slow_queue: None, progressed: false }
    }
}

/// What an outcome means.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The job's next state.
    pub next: JobState,
    /// Who is to hear of it.
    pub notice: Notice,
}

/// Who is to hear of an attempt's end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Notice {
    /// Nobody: it succeeded, or went as the job itself asked.
    Quiet,
    /// The log, at INFO: an expected condition will be tried again.
    Expected,
    /// The log, at WARN: it failed and will be tried again.
    Warn,
    /// The requester: it failed, and that is their business.
    User,
    /// Operators, with an error report: it failed for good.
    Report,
}

/// What `outcome` means for a running `job`.
///
/// In this order, which is Launchpad's made total:
///
/// | the attempt ended by | attempts left | none left |
/// |---|---|---|
/// | Ok | Completed | Completed |
/// | asked: snooze, suspend, cancel | that | the same |
/// | asked for a retry, at a time or by the policy | Waiting, [`Expected`](Notice::Expected) | as a plain error |
/// | user error | Failed, [`User`](Notice::User) | the same |
/// | plain error, panic, time-out, crash, args that do not decode | Waiting by the policy, [`Warn`](Notice::Warn) | Failed, [`Report`](Notice::Report) |
/// | time-out with a slow lane | Waiting in that lane | as a plain error |
/// | lapsed lease | Waiting, at once the first time | Failed, [`Report`](Notice::Report) |
///
/// A policy that gives up counts as none left, and so does a time that it is too late for. Where the policy resets on
/// progress, an attempt that made some counts as the first.
///
/// # Errors
///
/// [`InvalidTransition`] if the job does not run, or its lease has not lapsed when the outcome says so.
pub fn settle(
    job: &Job,
    outcome: &Outcome,
    policy: &Policy,
    now: Timestamp,
) -> Result<Verdict, InvalidTransition> {
    let born = job.spec.date_created;
    let age = now.since(born);
    let anew = policy.progressed
        && *outcome != Outcome::Lapsed
        && policy.retry.reset_on_progress.is_some_and(|within| age <= within);
    let attempt = if anew { 1 } else { job.state.attempt_count() };
    let left = attempt <= job.spec.max_retries;
    let backoff = || {
        let setback = Setback { attempt, age, outcome, error: None };
        Some(now + left.then(|| policy.retry.delay(&setback, policy.seed))??)
    };
    let in_time = |at: &Timestamp| left && !policy.retry.is_too_old(at.since(born));
    let error = || outcome.error().unwrap_or_else(|| Text::from(outcome.word()));
    let failed = |notice| Ok(Verdict { next: job.fail(error(), now)?, notice });
    // Waits until then; or fails, if there is no such time.
    let again = |at: Option<Timestamp>, queue, notice| {
        let Some(at) = at.filter(in_time) else { return failed(Notice::Report) };
        let next = if anew { job.retry_anew(error(), at, queue)? } else { job.retry(error(), at, queue)? };
        Ok(Verdict { next, notice })
    };
    let quiet = |next| Ok(Verdict { next, notice: Notice::Quiet });

    match outcome {
        Outcome::Done => quiet(job.complete(now)?),
        Outcome::Asked(Ask::Snooze(delay), _) => quiet(job.snooze(now + *delay)?),
        Outcome::Asked(Ask::Suspend(reason), _) => quiet(job.suspend(reason.clone())?),
        Outcome::Asked(Ask::Cancel(reason), _) => quiet(job.cancel(reason.clone(), now)?),
        Outcome::Asked(Ask::TellUser(_), _) => failed(Notice::User),
        Outcome::Asked(Ask::RetryIn(delay), _) => again(Some(now + *delay), None, Notice::Expected),
        Outcome::Asked(Ask::RetryAt(at), _) => again(Some(*at), None, Notice::Expected),
        Outcome::Asked(Ask::Retry, _) => again(backoff(), None, Notice::Expected),
        Outcome::TimedOut(_) if moves_lane(job, policy) => {
            again(Some(now), policy.slow_queue.clone(), Notice::Warn)
        }
        Outcome::Lapsed => {
            let first = job.state.crash_count() == 0;
            let at = if first { Some(now).filter(in_time) } else { backoff() };
            // A policy that gives up leaves no crash to survive.
            let limit = if at.is_some() { policy.crash_limit } else { 0 };
            let next = job.lapse(at.unwrap_or(now), limit, now)?;
            let notice = if next.status().is_final() { Notice::Report } else { Notice::Warn };
            Ok(Verdict { next, notice })
        }
        _ => again(backoff(), None, Notice::Warn),
    }
}

fn moves_lane(job: &Job, policy: &Policy) -> bool {
    policy.slow_queue.as_ref().is_some_and(|it| it != job.state.queue())
}

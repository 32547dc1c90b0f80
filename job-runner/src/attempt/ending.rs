//! How an attempt ended: data only, so that whatever its error does when it is shown or dropped has been done.

use crate::{attempt::running::Running, reporting::span_fields::AttemptSpan};
use job_core::{Ask, BoxError, Job, Outcome, RetryPolicy, Setback, Text, Timestamp};
use std::error::Error;

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    pub(crate) cause: Cause,
    /// What the type's own function said about the error while it was there, in the place of its policy.
    pub(crate) retry: Option<Box<RetryPolicy>>,
    /// Whether the handler reported progress.
    pub(crate) progressed: bool,
}

/// What is known about a failure, for an error report.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cause {
    /// The error and its sources, the outermost first.
    pub(crate) errors: Vec<Text>,
    /// The Rust type of the handler's error, if the job type has named one.
    pub(crate) error_type: Option<&'static str>,
    /// The fields of the spans that the handler had opened: `SPAN.FIELD` and the value.
    pub(crate) spans: Vec<(String, String)>,
}

impl From<Outcome> for Ending {
    fn from(outcome: Outcome) -> Self {
        let cause = Cause { errors: outcome.error().into_iter().collect(), ..Cause::default() };
        Self { outcome, cause, retry: None, progressed: false }
    }
}

impl Ending {
    /// The handler returned `error`, which its type classifies as `asked`. `retry` is the policy of the type.
    pub(crate) fn failed<E>(
        asked: Option<Ask>,
        error: E,
        retry: &RetryPolicy,
        job: &Job,
        now: Timestamp,
    ) -> Box<Self>
    where
        E: Into<BoxError>,
    {
        let error: BoxError = error.into();
        let text = Text::of_error(&*error);
        let outcome = match asked.or_else(|| Ask::find(&*error).cloned()) {
            Some(ask) => Outcome::Asked(ask, text),
            None => Outcome::Failed(text),
        };
        let setback = Setback {
            attempt: job.state.attempt_count(),
            age: now.since(job.spec.date_created),
            outcome: &outcome,
            error: Some(&*error),
        };
        let retry = retry.asked(&setback).map(Box::new);
        let cause = Cause { errors: chain(&*error), error_type: named::<E>(), spans: Vec::new() };
        Box::new(Self { outcome, cause, retry, progressed: false })
    }

    /// With what `running` knows of the attempt.
    pub(crate) fn seen(mut self, running: &Running) -> Self {
        self.progressed = running.said.has_progressed();
        self.cause.spans = running.span.get().map(AttemptSpan::fields).unwrap_or_default();
        self
    }

    /// As it counts if the handler was told that its time was up: a handler that heeds its token ends with an error, as a
    /// rule.
    pub(crate) fn out_of_time(self, running: &Running) -> Self {
        Self { outcome: Outcome::TimedOut(running.timeout()), ..self }
    }

    /// Whether the handler failed with an error, and asked for nothing.
    pub(crate) fn is_error(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }
}

/// The name of `E`, unless it is a box or the like that hides what it holds.
fn named<E>() -> Option<&'static str> {
    let name = std::any::type_name::<E>();
    (!name.contains("dyn ") && !name.starts_with("anyhow::")).then_some(name)
}

/// The texts of `error` and its sources, cut off where a source is its own.
fn chain(error: &(dyn Error + 'static)) -> Vec<Text> {
    const MOST: usize = 32;
    let mut next = Some(error);
    let errors = std::iter::from_fn(|| {
        let error = next?;
        next = error.source();
        Some(Text::new(error))
    });
    errors.take(MOST).collect()
}

//! Error reports as events of `tracing`, for the layers that collect failures.

use crate::{ErrorReport, Reporter};
use async_trait::async_trait;
use job_core::{BoxError, Text};
use std::{error::Error, fmt};
use tracing::error;

/// Reports by one event at ERROR, with the fields that collectors look for.
///
/// `exception.type`, `exception.message` and `exception.stacktrace` are OpenTelemetry's names; the stack is the error
/// and its sources, a line each, since errors of Rust have no other. `error` is the error itself, which Sentry's layer
/// makes an exception of, source by source. `report.id` is the same if the report is made again.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventReporter;

#[async_trait]
impl Reporter for EventReporter {
    async fn report(&self, report: &ErrorReport) -> Result<(), BoxError> {
        let ErrorReport { id, type_name, job, attempt, outcome, operation, .. } = report;
        let chain = Chain::of(&report.errors);
        let lines: Vec<&str> = report.errors.iter().map(Text::as_str).collect();
        error!(
            exception.type = report.error_type.as_deref().unwrap_or(outcome),
            exception.message = report.errors.first().map(Text::as_str),
            exception.stacktrace = lines.join("\nCaused by: "),
            error = chain.as_ref().map(|it| it as &(dyn Error + 'static)),
            report.id = %id,
            report.vars = debug(&report.vars),
            report.spans = debug(&report.spans),
            section.name = %report.section,
            job.id = %job,
            job.type = %type_name,
            attempt,
            outcome = %outcome,
            "Error while {operation} (report {id})"
        );
        Ok(())
    }
}

/// The texts of an error and its sources, as an error with sources.
#[derive(Debug)]
struct Chain {
    text: Text,
    source: Option<Box<Self>>,
}

impl Chain {
    fn of(errors: &[Text]) -> Option<Self> {
        let chain = errors
            .iter()
            .rev()
            .fold(None, |source, text| Some(Box::new(Self { text: text.clone(), source })));
        chain.map(|it| *it)
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl Error for Chain {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|it| it as _)
    }
}

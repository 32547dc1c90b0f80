//! Error reports: the structured record of an unexpected failure.

use job_core::{JobId, Text, Timestamp, TypeName};
use serde::{Deserialize, Serialize};
use tracing::error;

/// What is known about a failure that is an operator's business. Launchpad's OOPS.
///
/// Never args: a job type says in [`report_vars`](job_core::RunnableJob::report_vars) what may travel.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ErrorReport {
    /// Its id, which also stands in the note about the attempt: `JOB-REVISION`, so that a report that is made again
    /// is known by it. What went wrong on the way to others has a word more.
    pub id: String,
    /// When the failure was noticed, by the runner's estimate of the store's time.
    pub time: Timestamp,
    /// The section that ran the job.
    pub section: String,
    /// The job.
    pub job: JobId,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: TypeName,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// How it ended, in a word: `error`, `panic`, `time-out`, `lapse`, …
    pub outcome: String,
    /// Completes "error while …".
    pub operation: String,
    /// The error and its sources, the outermost first.
    pub errors: Vec<Text>,
    /// The Rust type of the handler's error, if its job type has named one.
    #[serde(default)]
    pub error_type: Option<String>,
    /// What the job says about itself.
    pub vars: Vec<(String, String)>,
    /// The fields of the spans that the handler had opened, `SPAN.FIELD` and the value, where a
    /// [`SpanFields`](crate::SpanFields) listens.
    #[serde(default)]
    pub spans: Vec<(String, String)>,
}

impl ErrorReport {
    /// Logs it as one event at ERROR. For reporters: the runner itself logs no failure that it hands to one, so
    /// that each is logged once.
    pub fn log(&self, kept: Option<&str>) {
        let Self { id, type_name, job, attempt, operation, vars, spans, .. } = self;
        let errors: Vec<&str> = self.errors.iter().map(Text::as_str).collect();
        let errors = errors.join(": ");
        let what = if self.is_of_the_job() {
            format!("{type_name} job {job} failed for good: {errors} (report {id})")
        } else {
            format!("{errors} ({type_name} job {job}; report {id})")
        };
        error!(
            report.id = %id,
            report.kept = kept,
            report.vars = ?vars,
            report.spans = (!spans.is_empty()).then(|| debug(spans)),
            job.id = %job,
            job.type = %type_name,
            attempt,
            outcome = %self.outcome,
            "Error while {operation}: {what}"
        );
    }

    /// Whether the job itself failed, and not a hook or a notifier, after which it goes on as if they had not.
    fn is_of_the_job(&self) -> bool {
        !matches!(self.outcome.as_str(), "hook" | "notifier")
    }
}

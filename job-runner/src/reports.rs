//! Hands failures to reporters and notifiers, and outlives whatever these do.

use crate::{ErrorReport, Notifier, Reporter, UserError, panic::catching};
use job_core::{BoxError, Job, Json, Reporting, SectionName, Text, Timestamp};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::error;

/// How long a reporter, a notifier, or what a job says about itself may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where failures go. What it starts goes on in the background until [`finish`](Self::finish).
#[derive(Clone, Debug)]
pub(crate) struct Reports {
    section: SectionName,
    reporter: Arc<dyn Reporter>,
    notifier: Arc<dyn Notifier>,
    tasks: TaskTracker,
}

/// A failure, as far as the runner knows it.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) job: Arc<Job>,
    /// How to ask the job type about the job.
    pub(crate) reporting: Option<fn(&Json) -> Option<Reporting>>,
    pub(crate) outcome: &'static str,
    pub(crate) errors: Vec<Text>,
    pub(crate) time: Timestamp,
}

impl Reports {
    pub(crate) fn new(
        section: SectionName,
        reporter: Arc<dyn Reporter>,
        notifier: Arc<dyn Notifier>,
    ) -> Self {
        Self { section, reporter, notifier, tasks: TaskTracker::new() }
    }

    /// Makes an error report with this id.
    pub(crate) fn report(&self, failed: Failed, id: String) {
        let this = self.clone();
        self.tasks.spawn(async move {
            let report = this.describe(failed, id).await;
            this.deliver(report).await;
        });
    }

    /// Tells the requester `text`; if that fails, makes an error report with this id about it.
    pub(crate) fn tell(&self, failed: Failed, text: Text, id: String) {
        let this = self.clone();
        self.tasks.spawn(async move {
            let requester = failed.job.spec.requester.clone();
            let (report, recipients) = this.describe_for(failed, id).await;
            let error = UserError {
                job: report.job,
                type_name: report.type_name.clone(),
                operation: report.operation.clone(),
                text,
                requester,
                recipients,
            };
            let notifier = this.notifier.clone();
            if let Err(problem) = surviving(async move { notifier.notify(&error).await }).await {
                let operation = format!("telling about an error while {}", report.operation);
                let told = ErrorReport {
                    outcome: "notifier".to_owned(),
                    operation,
                    errors: vec![problem],
                    ..report
                };
                this.deliver(told).await;
            }
        });
    }

    /// Waits until everything is reported, or was given up: each step has its patience, so this ends.
    pub(crate) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn describe(&self, failed: Failed, id: String) -> ErrorReport {
        self.describe_for(failed, id).await.0
    }

    /// The report, and who the job names as recipients.
    async fn describe_for(&self, failed: Failed, id: String) -> (ErrorReport, Vec<String>) {
        let Failed { job, reporting, outcome, errors, time } = failed;
        let type_name = job.spec.type_name.clone();
        let said = match reporting {
            Some(reporting) => asked(reporting, job.spec.args.clone()).await,
            None => Ok(None),
        };
        let unknown =
            |vars| Reporting { vars, operation: format!("running a {type_name} job"), recipients: vec![] };
        let said = match said {
            Ok(said) => said.unwrap_or_else(|| unknown(Vec::new())),
            Err(problem) => unknown(vec![("report_vars".to_owned(), problem.to_string())]),
        };
        let report = ErrorReport {
            id,
            time,
            section: self.section.to_string(),
            job: job.id,
            type_name: job.spec.type_name.clone(),
            attempt: job.state.attempt_count(),
            outcome: outcome.to_owned(),
            operation: said.operation,
            errors,
            vars: said.vars,
        };
        (report, said.recipients)
    }

    async fn deliver(&self, report: ErrorReport) {
        let (reporter, report) = (self.reporter.clone(), Arc::new(report));
        let given = report.clone();
        if let Err(problem) = surviving(async move { reporter.report(&given).await }).await {
            error!(report.id = %report.id, "The reporter failed with report {}: {problem}", report.id);
            report.log(None);
        }
    }
}

/// What the job says about itself. Its code may block, so it has a thread that may.
async fn asked(reporting: fn(&Json) -> Option<Reporting>, args: Json) -> Result<Option<Reporting>, Text> {
    let asking = tokio::task::spawn_blocking(move || catching(|| reporting(&args)));
    match timeout(PATIENCE, asking).await {
        Ok(Ok(Ok(said))) => Ok(said),
        Ok(Ok(Err(panic))) => Err(Text::new(format_args!("panicked: {panic}"))),
        Ok(Err(_)) => Err(Text::from("the runner is shutting down")),
        Err(_) => Err(Text::new(format_args!("did not answer in {PATIENCE:?}"))),
    }
}

/// Runs `call` in a task of its own; `Err` with a text if it fails, panics or does not end in time.
async fn surviving(call: impl Future<Output = Result<(), BoxError>> + Send + 'static) -> Result<(), Text> {
    // The error becomes text inside, where a panic of its own does no harm.
    let task = tokio::spawn(async move { call.await.map_err(|error| Text::of_error(&*error)) });
    match timeout(PATIENCE, task).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(Text::new(error)),
        Err(_) => Err(Text::new(format_args!("no answer in {PATIENCE:?}"))),
    }
}

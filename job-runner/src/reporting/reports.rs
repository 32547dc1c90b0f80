//! Hands failures to reporters and notifiers, and outlives whatever these do.

use crate::{
    ErrorReport, Notifier, OperatorNotice, Reporter, UserError,
    attempt::{
        ending::Cause,
        judge::report_id,
        panic::catching,
        surviving::{PATIENCE, surviving},
    },
    backlog::Backlog,
};
use job_core::{Job, Json, Reporting, SectionName, Text, Timestamp};
use std::sync::Arc;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::error;

/// Where failures go. What it starts goes on in the background until [`finish`](Self::finish).
#[derive(Clone, Debug)]
pub(crate) struct Reports {
    section: SectionName,
    reporter: Arc<dyn Reporter>,
    notifier: Arc<dyn Notifier>,
    tasks: TaskTracker,
    /// What bounds the tasks.
    backlog: Arc<Backlog>,
}

/// A job, and how to ask its type about it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) job: Arc<Job>,
    /// What a job with these args says about itself; `None` if they do not decode. Code of the job type, which may
    /// block and panic.
    pub(crate) reporting: Option<fn(&Json) -> Option<Reporting>>,
}

/// A failure, as far as the runner knows it.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) subject: Subject,
    pub(crate) outcome: &'static str,
    pub(crate) cause: Cause,
    pub(crate) time: Timestamp,
}

impl Reports {
    pub(crate) fn new(
        section: SectionName,
        reporter: Arc<dyn Reporter>,
        notifier: Arc<dyn Notifier>,
        backlog: Arc<Backlog>,
    ) -> Self {
        Self { section, reporter, notifier, tasks: TaskTracker::new(), backlog }
    }

    /// Makes an error report, and tells operators of it.
    pub(crate) fn report(&self, failed: Failed) {
        let this = self.clone();
        self.spawn(async move {
            let (report, recipients) = this.describe(failed).await;
            let report = Arc::new(report);
            this.deliver(report.clone()).await;
            let notice = OperatorNotice {
                report: report.id.clone(),
                section: this.section.clone(),
                job: report.job,
                type_name: report.type_name.clone(),
                operation: report.operation.clone(),
                recipients,
            };
            let notifier = this.notifier.clone();
            let told = surviving(async move { notifier.notify_operators(&notice).await }).await;
            this.second_report(report, told).await;
        });
    }

    /// Tells the requester `text`; if that fails, makes an error report about it.
    pub(crate) fn tell(&self, failed: Failed, text: Text) {
        let this = self.clone();
        self.spawn(async move {
            let requester = failed.subject.job.spec.requester.clone();
            let (report, recipients) = this.describe(failed).await;
            let error = UserError {
                job: report.job,
                type_name: report.type_name.clone(),
                operation: report.operation.clone(),
                text,
                requester,
                recipients,
            };
            let notifier = this.notifier.clone();
            let told = surviving(async move { notifier.notify(&error).await }).await;
            this.second_report(Arc::new(report), told).await;
        });
    }

    /// Makes an error report about a hook that failed, called `when`.
    pub(crate) fn hook(
        &self,
        about: Subject,
        hook: &'static str,
        when: &'static str,
        problem: Text,
        time: Timestamp,
    ) {
        let this = self.clone();
        self.spawn(async move {
            let cause = Cause { errors: vec![problem], error_type: Some(hook), ..Cause::default() };
            let (report, _) = this.describe(Failed { subject: about, outcome: "hook", cause, time }).await;
            let operation = format!("calling the hook {hook} {when}, while {}", report.operation);
            // One for each hook and occasion, so that none takes another's place.
            let id = format!("{}-{when}-{hook}", report.id);
            let id = id.replace(|it: char| !it.is_ascii_alphanumeric(), "-");
            this.deliver(Arc::new(ErrorReport { id, operation, ..report })).await;
        });
    }

    fn spawn(&self, telling: impl Future<Output = ()> + Send + 'static) {
        let waiting = self.backlog.enter();
        self.tasks.spawn(async move {
            telling.await;
            drop(waiting);
        });
    }

    /// Waits until everything is reported, or was given up: each step has its patience, so this ends.
    pub(crate) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The report, and who the job names as recipients.
    async fn describe(&self, failed: Failed) -> (ErrorReport, Vec<String>) {
        let Failed { subject: Subject { job, reporting }, outcome, cause, time } = failed;
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
            id: report_id(&job),
            time,
            section: self.section.to_string(),
            job: job.id,
            type_name: job.spec.type_name.clone(),
            attempt: job.state.attempt_count(),
            outcome: outcome.to_owned(),
            operation: said.operation,
            errors: cause.errors,
            error_type: cause.error_type.map(str::to_owned),
            vars: said.vars,
            spans: cause.spans,
        };
        (report, said.recipients)
    }

    /// If nobody could be told of what `first` is about, makes a report about that too.
    async fn second_report(&self, first: Arc<ErrorReport>, told: Result<(), Text>) {
        let Err(problem) = told else { return };
        let second = ErrorReport {
            id: format!("{}-notifier", first.id),
            outcome: "notifier".to_owned(),
            operation: format!("telling about an error while {}", first.operation),
            errors: vec![problem],
            error_type: None,
            ..(*first).clone()
        };
        self.deliver(Arc::new(second)).await;
    }

    async fn deliver(&self, report: Arc<ErrorReport>) {
        let (reporter, given) = (self.reporter.clone(), report.clone());
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

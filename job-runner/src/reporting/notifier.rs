//! Who is told of failures: requesters of their own, operators of the others.

use async_trait::async_trait;
use job_core::{BoxError, JobId, Requester, SectionName, Text, TypeName};
use std::{fmt::Debug, sync::Arc};
use tracing::info;

/// A failure that is the requester's business: it is told, and no report is made.
#[derive(Clone, Debug, PartialEq)]
pub struct UserError {
    /// The job.
    pub job: JobId,
    /// Its type.
    pub type_name: TypeName,
    /// Completes "error while …".
    pub operation: String,
    /// What to tell.
    pub text: Text,
    /// Who asked for the job.
    pub requester: Option<Requester>,
    /// Whom the job type names.
    pub recipients: Vec<String>,
}

/// A failure that is an operator's business: an error report was made of it. Says where to look, and not what went
/// wrong: notices travel further than reports do.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatorNotice {
    /// The id of the report.
    pub report: String,
    /// The section that ran the job.
    pub section: SectionName,
    /// The job.
    pub job: JobId,
    /// Its type.
    pub type_name: TypeName,
    /// Completes "error while …".
    pub operation: String,
    /// Whom the job type names.
    pub recipients: Vec<String>,
}

/// Tells people of failures: by mail, or a message in the application.
///
/// Called once for each, after the failure is stored. One that fails, panics or does not answer is reported as an
/// error of its own and stops nothing.
#[async_trait]
pub trait Notifier: Debug + Send + Sync + 'static {
    /// Tells the requester and the recipients of a user error, of which no report is made.
    ///
    /// # Errors
    ///
    /// Whatever went wrong.
    async fn notify(&self, error: &UserError) -> Result<(), BoxError>;

    /// Tells operators that an error report was made. Does nothing unless it is written: the
    /// [`Reporter`](crate::Reporter) has logged the report.
    ///
    /// # Errors
    ///
    /// Whatever went wrong.
    async fn notify_operators(&self, _notice: &OperatorNotice) -> Result<(), BoxError> {
        Ok(())
    }
}

/// A notifier that is shared is one.
#[async_trait]
impl<N: Notifier + ?Sized> Notifier for Arc<N> {
    async fn notify(&self, error: &UserError) -> Result<(), BoxError> {
        (**self).notify(error).await
    }

    async fn notify_operators(&self, notice: &OperatorNotice) -> Result<(), BoxError> {
        (**self).notify_operators(notice).await
    }
}

/// Tells the log, at INFO: never more urgent, as a user error is nothing that an operator should look at, and what
/// they should look at was logged by the reporter.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogNotifier;

#[async_trait]
impl Notifier for LogNotifier {
    async fn notify(&self, error: &UserError) -> Result<(), BoxError> {
        let UserError { job, type_name, operation, text, .. } = error;
        let recipients = listed(&error.recipients);
        info!(
            job.id = %job,
            job.type = %type_name,
            "Error while {operation}: {text} ({type_name} job {job}; to tell: {recipients})"
        );
        Ok(())
    }

    async fn notify_operators(&self, notice: &OperatorNotice) -> Result<(), BoxError> {
        let OperatorNotice { report, job, type_name, operation, .. } = notice;
        // Nobody in particular: then the log itself has told them.
        if !notice.recipients.is_empty() {
            info!(
                report.id = %report,
                job.id = %job,
                job.type = %type_name,
                "There was an error while {operation}; see report {report} (to tell: {})",
                listed(&notice.recipients)
            );
        }
        Ok(())
    }
}

fn listed(recipients: &[String]) -> String {
    if recipients.is_empty() { "nobody".to_owned() } else { recipients.join(", ") }
}

//! Who is told of failures that are the requester's business.

use async_trait::async_trait;
use job_core::{BoxError, JobId, Requester, Text, TypeName};
use std::fmt::Debug;
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

/// Tells people of user errors: by mail, or a message in the application.
///
/// Called once for each, after the failure is stored. One that fails, panics or does not answer is reported as an
/// error of its own and stops nothing.
#[async_trait]
pub trait Notifier: Debug + Send + Sync + 'static {
    /// Tells the recipients.
    ///
    /// # Errors
    ///
    /// Whatever went wrong.
    async fn notify(&self, error: &UserError) -> Result<(), BoxError>;
}

/// Tells the log, at INFO: never more urgent, as it is nothing that an operator should look at.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogNotifier;

#[async_trait]
impl Notifier for LogNotifier {
    async fn notify(&self, error: &UserError) -> Result<(), BoxError> {
        let UserError { job, type_name, operation, text, .. } = error;
        let recipients = if error.recipients.is_empty() { "nobody" } else { &error.recipients.join(", ") };
        info!(
            job.id = %job,
            job.type = %type_name,
            "Error while {operation}: {text} ({type_name} job {job}; to tell: {recipients})"
        );
        Ok(())
    }
}

//! Where error reports go.

use crate::ErrorReport;
use async_trait::async_trait;
use job_core::BoxError;
use std::{fmt::Debug, path::PathBuf, sync::Arc};

/// Takes error reports.
///
/// Called once for each failure that is an operator's business, after the failure is stored, and never for what a job asked
/// for itself. It also logs the failure ([`ErrorReport::log`]), since only it knows where the report is kept. One
/// that fails, panics or does not answer stops nothing: what it was given goes to the log, with what went wrong. One that
/// is slower than jobs fail slows the run down: while 1000 calls to it, to notifiers and to hooks wait, no more jobs are
/// claimed.
#[async_trait]
pub trait Reporter: Debug + Send + Sync + 'static {
    /// Keeps or sends `report`.
    ///
    /// # Errors
    ///
    /// Whatever went wrong.
    async fn report(&self, report: &ErrorReport) -> Result<(), BoxError>;
}

/// A reporter that is shared is one.
#[async_trait]
impl<R: Reporter + ?Sized> Reporter for Arc<R> {
    async fn report(&self, report: &ErrorReport) -> Result<(), BoxError> {
        (**self).report(report).await
    }
}

/// Reports to the log, and nowhere else.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogReporter;

#[async_trait]
impl Reporter for LogReporter {
    async fn report(&self, report: &ErrorReport) -> Result<(), BoxError> {
        report.log(None);
        Ok(())
    }
}

/// Writes each report to a file of its own, `ID.json`, and its first line to the log.
#[derive(Clone, Debug)]
pub struct FileReporter {
    folder: PathBuf,
}

impl FileReporter {
    /// Reports go to `folder`, which is made when the first one comes.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn write(&self, report: &ErrorReport) -> Result<PathBuf, BoxError> {
        std::fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(format!("{}.json", report.id));
        // A reader never sees half a report.
        let unfinished = self.folder.join(format!(".{}.json", report.id));
        std::fs::write(&unfinished, serde_json::to_vec_pretty(report)?)?;
        std::fs::rename(&unfinished, &path)?;
        Ok(path)
    }
}

#[async_trait]
impl Reporter for FileReporter {
    async fn report(&self, report: &ErrorReport) -> Result<(), BoxError> {
        let (this, to_write) = (self.clone(), report.clone());
        let written = tokio::task::spawn_blocking(move || this.write(&to_write)).await?;
        let path = written.map_err(|source| {
            format!("the report cannot be written to {}: {source}", self.folder.display())
        })?;
        report.log(Some(&path.display().to_string()));
        Ok(())
    }
}

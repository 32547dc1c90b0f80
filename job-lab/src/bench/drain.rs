//! The workload `drain`: the runner itself, as a script over everything that is due; its start counts.

use super::no_op::NoOp;
use job_core::{BoxError, SectionName, Then, store::Opened};
use job_runner::{Registry, Script, SectionSettings};
use std::num::NonZeroU32;

/// How many handlers at a time: as many as the ceiling fetches at a time.
pub(super) const CONCURRENCY: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");

/// Runs a script in the place of production.
///
/// # Errors
///
/// If the script could not run, or a job did not complete.
pub(super) async fn run(opened: Opened, then: Then) -> Result<(), BoxError> {
    let settings = SectionSettings {
        concurrency: CONCURRENCY,
        delete_completed: then == Then::Delete,
        ..SectionSettings::new(SectionName::new("bench")?)
    };
    let registry = Registry::new().register::<NoOp>();
    let report = Script::new(opened, registry, (), settings)?.run().await?;
    if report.incomplete.is_empty() {
        Ok(())
    } else {
        Err(format!("jobs did not complete: {:?}", report.incomplete).into())
    }
}

//! Why some proposals have no diff: what became of their jobs.

use crate::{Database, GenerateDiff, Proposal, proposal_jobs};
use job_core::{
    BoxError, TransactionalJob,
    store::{Filter, JobStore, JobStoreExt},
};
use std::{fmt::Write, num::NonZeroU32};

/// The most proposals that are explained.
const LINES_MAX: usize = 5;

/// The most jobs of a proposal that are looked at.
const LIMIT: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// A line for each proposal in `missing`, or for the first of them; empty if none is missing.
pub(crate) async fn explained(
    store: &dyn JobStore,
    database: &Database,
    missing: &[&Proposal],
) -> Result<String, BoxError> {
    let mut text = String::new();
    for proposal in missing.iter().take(LINES_MAX) {
        let id = proposal.id;
        let jobs = database.with(move |conn| proposal_jobs::list(conn, &[id])).await?;
        let jobs = store.find(&Filter::ids(jobs), LIMIT).await?;
        let job = jobs.iter().find(|it| it.spec.type_name.as_str() == GenerateDiff::TYPE);
        let (commit, _) = proposal.source.split_at_checked(7).unwrap_or((&proposal.source, ""));
        match job {
            None => writeln!(text, "{commit} has no diff, and its job is gone")?,
            Some(job) => {
                let status = job.state.status().word();
                let reason = job.state.last_error().or(job.state.reason()).map_or("", |it| it.as_str());
                writeln!(text, "{commit} has no diff; its job {} is {status}", job.id)?;
                if !reason.is_empty() {
                    writeln!(text, "  {reason}")?;
                }
            }
        }
    }
    let more = missing.len().saturating_sub(LINES_MAX);
    if more > 0 {
        writeln!(text, "and {more} more have no diff")?;
    }
    Ok(text)
}

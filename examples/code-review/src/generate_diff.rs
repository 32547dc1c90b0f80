//! The job that compares the commits of a proposal.

use crate::{Database, Diff, Error, Proposal, proposal_jobs, proposals, repository};
use job_core::{
    Ask, Attempt, Completed, Completion, JsonError, LabelError, LogLevel, RetryPolicy, Target,
    TransactionalJob, Turn, UniqueKey, UniqueScope,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::task::spawn_blocking;

/// Generates the diff of a proposal.
///
/// It is a [`TransactionalJob`]: the diff, the request for the heat that follows from it, and the completion of
/// the job are committed together. Killed at any moment, it has stored its diff or it runs again, never both.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct GenerateDiff {
    /// The number of the proposal.
    pub proposal: i64,
}

impl TransactionalJob<Database> for GenerateDiff {
    const TYPE: &'static str = "generate-diff";
    /// The two commits never change, so a run that is under way is as good as a new one.
    const SCOPE: UniqueScope = UniqueScope::Pending;
    type Error = Error;

    async fn run(self, attempt: Attempt<Database>, completion: Completion) -> Result<Completed, Error> {
        let database = attempt.context.clone();
        let proposal = database.with(move |conn| proposals::get(conn, self.proposal)).await?;
        // Git blocks, so it gets a thread where that disturbs nobody. No transaction is open meanwhile: others write.
        let diff = spawn_blocking(move || compare(&proposal, &attempt)).await??;
        let stored = database.with(move |conn| {
            conn.complete_in(completion, |conn| proposals::store_diff(conn, self.proposal, &diff))
        });
        stored.await
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
        UniqueKey::by(&self.proposal)
    }

    /// One job of a proposal at a time, of whichever type.
    fn turn(&self) -> Option<Turn> {
        Some(proposal_jobs::turn(self.proposal))
    }

    fn target(&self) -> Result<Option<Target>, LabelError> {
        proposal_jobs::target(self.proposal).map(Some)
    }

    fn classify(error: &Error) -> Option<Ask> {
        error.ask()
    }

    fn max_retries(&self) -> u32 {
        3
    }

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::fixed(Duration::from_secs(1))
    }

    fn report_vars(&self) -> Vec<(String, String)> {
        vec![("proposal".to_owned(), self.proposal.to_string())]
    }

    fn operation(&self) -> String {
        format!("generating the diff of proposal {}", self.proposal)
    }
}

fn compare(proposal: &Proposal, attempt: &Attempt<Database>) -> Result<Diff, Error> {
    let repository = repository::open(&proposal.repository)?;
    let stopped = || attempt.is_cancelled();
    let diff = Diff::between(&repository, proposal.target.as_deref(), &proposal.source, stopped)?;
    if diff.cut {
        attempt.log(LogLevel::Info, "the patch is long; its beginning is kept");
    }
    Ok(diff)
}

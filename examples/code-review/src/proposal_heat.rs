//! The job that takes the heat of a proposal: how much it asks for attention.

use crate::{Connection, Database, DiffSize, Error, proposal_jobs, proposals};
use job_core::{Ask, Attempt, Job, JsonError, LabelError, RunnableJob, Target, Timestamp, Turn, UniqueKey};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// After this time a proposal is half as hot.
pub const HALF_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Takes the heat of a proposal.
///
/// The job that stores a diff asks for it, in the transaction that stores the diff. So there is no heat job
/// that has to wait for a diff and ask again, or that waits for ever because the diff failed.
///
/// A plain [`RunnableJob`] is enough: running it twice writes the same row twice.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct ProposalHeat {
    /// The number of the proposal.
    pub proposal: i64,
}

impl RunnableJob<Database> for ProposalHeat {
    const TYPE: &'static str = "proposal-heat";
    type Error = Error;

    async fn run(self, attempt: Attempt<Database>) -> Result<(), Error> {
        let job = attempt.job().clone();
        attempt.context.with(move |conn| self.take(conn, &job)).await
    }

    /// With the default scope: at most one waits. A diff that is stored while a run is under way gets a new one.
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
}

impl ProposalHeat {
    fn take(self, conn: &mut Connection<'_>, job: &Job) -> Result<(), Error> {
        let proposal = proposals::get(conn, self.proposal)?;
        let size = proposals::diff_size(conn, self.proposal)?.ok_or(Error::NoDiff { id: self.proposal })?;
        // By the store's clock, when this attempt was started; so the job needs no clock of its own.
        let now = job.state.date_started().unwrap_or(job.spec.date_created);
        let committed = Timestamp::from_micros(proposal.committed.saturating_mul(1_000_000));
        proposals::store_heat(conn, self.proposal, heat(size, now.since(committed)))
    }
}

/// The heat of a diff of this size at this age. Twice as many files, or lines, make it hotter by ten;
/// a [`HALF_LIFE`] halves it.
#[must_use]
pub fn heat(size: DiffSize, age: Duration) -> f64 {
    let doublings = |count: i64| (1.0 + count.max(0) as f64).log2();
    let weight = 10.0 * (doublings(size.files) + doublings(size.insertions.saturating_add(size.deletions)));
    weight * 0.5_f64.powf(age.as_secs_f64() / HALF_LIFE.as_secs_f64())
}

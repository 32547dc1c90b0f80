//! Which jobs belong to a proposal, and what they have in common.

use crate::{Error, schema::proposal_job};
use diesel::{SqliteConnection, prelude::*};
use job_core::{JobId, JobType, LabelError, Target, Turn};
use job_store_sqlite::{AcquiredId, EnqueueOn};
use uuid::Uuid;

/// One job of a proposal at a time, of whichever type: none reads what another is about to replace.
#[must_use]
pub fn turn(proposal: i64) -> Turn {
    Turn::new(format_args!("proposal {proposal}"))
}

/// What the jobs of a proposal are about: `jobs list --target "proposal 7"` finds them.
///
/// # Errors
///
/// None: it is short, and without control characters.
pub fn target(proposal: i64) -> Result<Target, LabelError> {
    Target::new(format!("proposal {proposal}"))
}

/// Acquires the job and writes down whose it is. Answers whether this call created it.
///
/// # Errors
///
/// What the database says. Call it in a transaction: the two rows belong together.
pub fn acquire<K, J: JobType<K>>(conn: &mut SqliteConnection, proposal: i64, job: &J) -> Result<bool, Error> {
    let acquired = job.acquire_on(conn)?;
    let id = acquired.id();
    let row = (proposal_job::job.eq(id.as_uuid().as_bytes().as_slice()), proposal_job::proposal.eq(proposal));
    diesel::insert_into(proposal_job::table).values(row).on_conflict_do_nothing().execute(conn)?;
    Ok(matches!(acquired, AcquiredId::Created(_)))
}

/// The jobs of the proposals, the oldest first.
///
/// # Errors
///
/// What the database says.
pub fn list(conn: &mut SqliteConnection, proposals: &[i64]) -> QueryResult<Vec<JobId>> {
    let jobs = proposal_job::table.filter(proposal_job::proposal.eq_any(proposals));
    let jobs: Vec<Vec<u8>> = jobs.select(proposal_job::job).order(proposal_job::job).load(conn)?;
    Ok(jobs.iter().filter_map(|it| Uuid::from_slice(it).ok()).map(JobId::from_uuid).collect())
}

/// Deletes the jobs of the proposal, whatever they are doing; a running one ends as gone.
///
/// # Errors
///
/// What the database says.
pub fn delete(conn: &mut SqliteConnection, proposal: i64) -> Result<(), Error> {
    let jobs = list(conn, &[proposal])?;
    job_store_sqlite::delete_on(conn, &jobs)?;
    Ok(())
}

//! Which jobs belong to a proposal, and what they have in common.

use crate::{Connection, Error, connection::on, job_ref::JobRef, schema::proposal_job};
use diesel::prelude::*;
use job_core::{JobId, JobType, LabelError, Target, Turn};

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
pub fn acquire<K, J: JobType<K>>(conn: &mut Connection<'_>, proposal: i64, job: &J) -> Result<bool, Error> {
    let acquired = conn.acquire(job)?;
    let row = (proposal_job::job.eq(JobRef(acquired.id())), proposal_job::proposal.eq(proposal));
    let insert = diesel::insert_into(proposal_job::table).values(row).on_conflict_do_nothing();
    on!(conn => insert.execute(conn))?;
    Ok(acquired.is_created())
}

/// The jobs of the proposals, the oldest first.
///
/// # Errors
///
/// What the database says.
pub fn list(conn: &mut Connection<'_>, proposals: &[i64]) -> Result<Vec<JobId>, Error> {
    let jobs = proposal_job::table.filter(proposal_job::proposal.eq_any(proposals));
    let jobs = jobs.select(proposal_job::job).order(proposal_job::job);
    let jobs: Vec<JobRef> = on!(conn => jobs.load(conn))?;
    Ok(jobs.into_iter().map(|it| it.0).collect())
}

/// Deletes the jobs of the proposal, whatever they are doing; a running one ends as gone.
///
/// # Errors
///
/// What the database says.
pub fn delete(conn: &mut Connection<'_>, proposal: i64) -> Result<(), Error> {
    let jobs = list(conn, &[proposal])?;
    conn.delete_jobs(&jobs)
}

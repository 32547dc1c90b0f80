//! Faulty renewals.

use super::{Bug, Faulty, edited, overwrite};
use job_core::{
    Clock, JobStatus,
    store::{Held, JobStore, JobStoreExt, Notes, Renewed, StoreError, Switches},
};
use std::time::Duration;

impl<S: JobStore + Notes + Switches> Faulty<S> {
    pub(super) async fn faulty_renew(
        &self,
        held: &[Held],
        lease: Duration,
        clock: Clock,
    ) -> Result<Vec<Renewed>, StoreError> {
        let mut held = held.to_vec();
        for it in &mut held {
            if self.has(Bug::LosesProgress) {
                it.progress = None;
            }
            if self.has(Bug::RevivesLostJobs)
                && let Some(job) = self.inner.get(it.id).await?
                && job.state.status() == JobStatus::Running
            {
                it.revision = job.state.revision();
            }
        }
        let mut renewed = self.inner.renew(&held, lease, clock).await?;
        if matches!(self.bug, Bug::ShortensLeases | Bug::RenewsWithARevision) {
            for (it, renewed) in held.iter().zip(&mut renewed) {
                self.spoil(it, renewed, lease, clock).await?;
            }
        }
        Ok(renewed)
    }

    async fn spoil(
        &self,
        held: &Held,
        renewed: &mut Renewed,
        lease: Duration,
        clock: Clock,
    ) -> Result<(), StoreError> {
        let job = self.inner.get(held.id).await?;
        let Some(job) = job.filter(|_| matches!(renewed, Renewed::Until(_))) else { return Ok(()) };
        let Some(holder) = job.state.lease().map(|it| it.holder) else { return Ok(()) };
        let until = self.inner.time(clock).await? + lease;
        let next = edited(&job.state, |it| match &mut it.lease {
            Some(lease) if self.has(Bug::ShortensLeases) => lease.expires = until,
            _ => it.revision = it.revision.next(),
        });
        if self.has(Bug::ShortensLeases) {
            *renewed = Renewed::Until(until);
        }
        self.inner.apply(&[overwrite(&job, next, holder)]).await?;
        Ok(())
    }
}

//! Faulty claims: a claim made of a list and an apply, in which each rule is left out by the bug that forgets it.

use super::{Bug, Faulty, overwrite};
use job_core::{
    Change, Job, JobStatus, Lease, Turn,
    store::{Claim, Claimed, Filter, JobStore, JobStoreExt, Notes, StoreError, Switch, Switches},
};
use std::{collections::HashSet, time::Duration};
use tokio::task::yield_now;

impl<S: JobStore + Notes + Switches> Faulty<S> {
    pub(super) async fn faulty_claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let jobs = match self.bug {
            Bug::IgnoresPriority
            | Bug::ClaimsForeignTypes
            | Bug::ClaimsOtherQueues
            | Bug::ClaimsPastTheLimit
            | Bug::StartsEarly
            | Bug::IgnoresDueBy
            | Bug::IgnoresPauses
            | Bug::OverlapsTurns
            | Bug::StartsTwoOfATurn
            | Bug::LooksThenClaims => self.pick(claim).await?,
            Bug::ForgetsTheLease => {
                return self.inner.claim(&Claim { lease: Duration::ZERO, ..claim.clone() }).await;
            }
            Bug::KeepsUnreceivedClaims => {
                let claimed = self.inner.claim(claim).await;
                yield_now().await;
                return claimed;
            }
            _ => return self.inner.claim(claim).await,
        };
        yield_now().await;
        Ok(Claimed { jobs: self.start(jobs, claim).await?, unreadable: Vec::new() })
    }

    async fn pick(&self, claim: &Claim) -> Result<Vec<Job>, StoreError> {
        let now = self.inner.time(claim.clock).await?;
        let due_at = if self.has(Bug::IgnoresDueBy) { now } else { claim.due_at(now) };
        let switches = self.inner.switches().await?;
        let paused = |job: &Job| {
            switches.contains(&Switch::PauseQueue(job.state.queue().clone()))
                || switches.contains(&Switch::PauseType(job.spec.type_name.clone()))
        };
        let waiting = Filter { statuses: Some(vec![JobStatus::Waiting]), ..Filter::default() };
        let mut jobs = self.all(&waiting).await?;
        jobs.retain(|it| {
            (it.state.is_due(due_at) || self.has(Bug::StartsEarly))
                && (*it.state.queue() == claim.queue || self.has(Bug::ClaimsOtherQueues))
                && (claim.types.contains(&it.spec.type_name) || self.has(Bug::ClaimsForeignTypes))
                && (!paused(it) || self.has(Bug::IgnoresPauses))
        });
        self.take_turns(&mut jobs).await?;
        if self.has(Bug::IgnoresPriority) {
            jobs.sort_by_key(|it| (it.state.scheduled_start(), it.id));
        }
        let limit = claim.limit.get() as usize;
        jobs.truncate(if self.has(Bug::ClaimsPastTheLimit) { limit + 1 } else { limit });
        Ok(jobs)
    }

    /// Leaves of each turn the first job, if none runs.
    async fn take_turns(&self, jobs: &mut Vec<Job>) -> Result<(), StoreError> {
        let running = Filter { statuses: Some(vec![JobStatus::Running]), ..Filter::default() };
        let mut taken: HashSet<Turn> = HashSet::new();
        if !self.has(Bug::OverlapsTurns) {
            let running = self.all(&running).await?;
            taken.extend(running.iter().filter_map(|it| it.state.running_key().cloned()));
        }
        jobs.retain(|it| {
            let Some(turn) = &it.spec.turn else { return true };
            if self.has(Bug::StartsTwoOfATurn) { !taken.contains(turn) } else { taken.insert(turn.clone()) }
        });
        Ok(())
    }

    async fn start(&self, jobs: Vec<Job>, claim: &Claim) -> Result<Vec<Job>, StoreError> {
        let now = self.inner.time(claim.clock).await?;
        let mut started = Vec::new();
        for job in jobs {
            let lease = Lease { holder: claim.by, expires: now + claim.lease, progress: None };
            // A job that is not due is started as if it were its time.
            let Ok(state) = job.start(lease, now.max(job.state.scheduled_start())) else { continue };
            let stored = self.inner.get(job.id).await?.unwrap_or_else(|| job.clone());
            let change: Change = overwrite(&stored, state.clone(), claim.by);
            self.inner.apply(&[change]).await?;
            started.push(Job { state, ..job });
        }
        Ok(started)
    }
}

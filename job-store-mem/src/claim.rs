//! The claim: picks due jobs along the index of those that wait, and starts them.

use crate::tables::Tables;
use job_core::{
    Job, JobId, Lease, Timestamp, Turn,
    store::{Claim, Switch},
};
use std::collections::HashSet;

impl Tables {
    /// Starts up to `claim.limit` due jobs, in the order of their places.
    pub(crate) fn claim(&mut self, claim: &Claim, now: Timestamp) -> Vec<Job> {
        let picked = self.pick(claim, now);
        let mut started = Vec::with_capacity(picked.len());
        for id in picked {
            let lease = Lease { holder: claim.by, expires: now + claim.lease, progress: None };
            // What was picked waits and is due, so it can be started.
            started.extend(self.jobs.update(id, |job| job.start(lease, now).ok()).cloned());
        }
        started
    }

    fn pick(&self, claim: &Claim, now: Timestamp) -> Vec<JobId> {
        if self.switches.contains(&Switch::PauseQueue(claim.queue.clone())) {
            return Vec::new();
        }
        let limit = usize::try_from(claim.limit.get()).unwrap_or(usize::MAX);
        let wanted = |it: &_| claim.types.contains(it) && !self.is_paused(it);
        let mut turns: HashSet<&Turn> = HashSet::new();
        self.jobs
            .waiting()
            .walk(&claim.queue, wanted, None, claim.due_at(now))
            .filter(|(_, turn)| turn.is_none_or(|it| !self.jobs.turn_runs(it) && turns.insert(it)))
            .take(limit)
            .map(|((_, _, id), _)| id)
            .collect()
    }
}

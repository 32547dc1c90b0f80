//! Deletions: by name, and of what is old.

use crate::tables::Tables;
use job_core::{JobId, JobStatus, Target, Timestamp, TypeName, store::Deletion};
use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU32,
};

impl Tables {
    /// Deletes jobs with their notes, and says how many.
    pub(crate) fn delete(&mut self, what: &Deletion) -> u64 {
        let ids = match what {
            Deletion::Ids(ids) => ids.clone(),
            Deletion::Final { before, statuses, types, limit, keep_newest } => {
                self.outdated(*before, statuses, types.as_deref(), *limit, *keep_newest)
            }
        };
        ids.into_iter().map(|id| u64::from(self.forget(id))).sum()
    }

    /// Deletes a job with its notes, and says whether it was there.
    pub(crate) fn forget(&mut self, id: JobId) -> bool {
        self.notes.forget(id);
        self.jobs.remove(id)
    }

    fn outdated(
        &self,
        before: Timestamp,
        statuses: &[JobStatus],
        types: Option<&[TypeName]>,
        limit: NonZeroU32,
        keep_newest: Option<NonZeroU32>,
    ) -> Vec<JobId> {
        let kept = keep_newest.map(|it| self.newest_of_targets(it)).unwrap_or_default();
        let outdated = self.jobs.within(JobId::BOUNDS).filter(|job| {
            job.state.date_finished().is_some_and(|it| it < before)
                && statuses.contains(&job.state.status())
                && types.is_none_or(|it| it.contains(&job.spec.type_name))
                && !kept.contains(&job.id)
        });
        outdated.map(|job| job.id).take(usize::try_from(limit.get()).unwrap_or(usize::MAX)).collect()
    }

    /// Of each type and target the newest `most` final jobs.
    fn newest_of_targets(&self, most: NonZeroU32) -> HashSet<JobId> {
        let mut counts: HashMap<(&TypeName, &Target), u32> = HashMap::new();
        let mut newest = HashSet::new();
        for job in self.jobs.within(JobId::BOUNDS).rev().filter(|it| it.state.status().is_final()) {
            let Some(target) = &job.spec.target else { continue };
            let count = counts.entry((&job.spec.type_name, target)).or_default();
            if *count < most.get() {
                *count += 1;
                newest.insert(job.id);
            }
        }
        newest
    }
}

//! The ids and keys in a batch of new jobs: of equal ones the first wins.

use crate::insert::key;
use job_core::{JobId, NewJob};
use std::collections::HashSet;

/// Those whose id and key no earlier one of the batch has.
pub(crate) fn first_of_each(jobs: &[NewJob], open: &[usize]) -> Vec<usize> {
    let mut earlier = Names::default();
    let mut is_first = |n: &usize| {
        let known = earlier.know(&jobs[*n]);
        earlier.add(&jobs[*n]);
        !known
    };
    open.iter().copied().filter(|n| is_first(n)).collect()
}

/// Ids and keys of jobs.
#[derive(Debug, Default)]
pub(crate) struct Names<'j> {
    ids: HashSet<JobId>,
    keys: HashSet<(&'j str, &'j str)>,
}

impl<'j> Names<'j> {
    /// Whether the job has one of them.
    pub(crate) fn know(&self, job: &NewJob) -> bool {
        let known = |it| self.keys.contains(&(job.type_name.as_str(), it));
        self.ids.contains(&job.id) || key(job).is_some_and(known)
    }

    /// Adds those of the job.
    pub(crate) fn add(&mut self, job: &'j NewJob) {
        self.ids.insert(job.id);
        self.keys.extend(key(job).map(|it| (job.type_name.as_str(), it)));
    }
}

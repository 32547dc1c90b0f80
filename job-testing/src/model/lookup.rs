//! The model's reads.

use super::table::Model;
use job_core::{
    Job, JobId, Timestamp,
    store::{Counted, Cursor, Deletion, Filter, Order, Page, Switch},
};

impl Model {
    /// See [`JobStore::lapsed`](job_core::store::JobStore::lapsed).
    #[must_use]
    pub fn lapsed(&self, after: Option<JobId>, limit: usize, now: Timestamp) -> Vec<Job> {
        let lapsed = |it: &&Job| it.state.has_lapsed(now) && after.is_none_or(|after| it.id > after);
        let mut jobs: Vec<Job> = self.jobs.iter().filter(lapsed).cloned().collect();
        jobs.sort_by_key(|it| it.id);
        jobs.truncate(limit);
        jobs
    }

    /// See [`JobStore::list`](job_core::store::JobStore::list): the rows, and where the next page starts.
    #[must_use]
    pub fn list(&self, filter: &Filter, page: &Page) -> (Vec<Job>, Option<Cursor>) {
        let compare = |a: &Cursor, b: &Cursor| match page.order {
            Order::Newest => b.cmp(a),
            Order::Oldest | Order::Claim => a.cmp(b),
        };
        let behind =
            |it: &Job| page.after.as_ref().is_none_or(|after| compare(&page.order.cursor(it), after).is_gt());
        let mut jobs: Vec<Job> = self.fitting(filter).filter(|it| behind(it)).cloned().collect();
        jobs.sort_by(|a, b| compare(&page.order.cursor(a), &page.order.cursor(b)));
        let more = jobs.len() > page.limit.get() as usize;
        jobs.truncate(page.limit.get() as usize);
        let next = jobs.last().filter(|_| more).map(|it| page.order.cursor(it));
        (jobs, next)
    }

    /// See [`JobStore::count`](job_core::store::JobStore::count).
    #[must_use]
    pub fn count(&self, filter: &Filter, cap: u64) -> Counted {
        let jobs = self.fitting(filter).count() as u64;
        Counted { jobs: jobs.min(cap), at_least: jobs > cap }
    }

    fn fitting(&self, filter: &Filter) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|it| filter.fits(it) && (filter.ready_at.is_none() || self.is_free(it)))
    }

    /// Whether neither a pause nor a running job of its turn keeps the job from being started.
    pub(super) fn is_free(&self, job: &Job) -> bool {
        let paused = self.switches.iter().any(|it| match it {
            Switch::PauseQueue(queue) => queue == job.state.queue(),
            Switch::PauseType(type_name) => *type_name == job.spec.type_name,
            Switch::DisableSection(_) => false,
        });
        let turn_runs = self
            .jobs
            .iter()
            .any(|it| it.state.running_key().is_some() && it.state.running_key() == job.spec.turn.as_ref());
        !paused && !turn_runs
    }

    /// The jobs that a deletion selects.
    pub(super) fn selected(&self, what: &Deletion) -> Vec<JobId> {
        let (before, statuses, types, limit, keep_newest) = match what {
            Deletion::Ids(ids) => return ids.clone(),
            Deletion::Final { before, statuses, types, limit, keep_newest } => {
                (before, statuses, types, limit, keep_newest)
            }
        };
        let mut old: Vec<&Job> = self.jobs.iter().collect();
        old.sort_by_key(|it| it.id);
        old.retain(|it| {
            it.state.date_finished().is_some_and(|at| at < *before)
                && statuses.contains(&it.state.status())
                && types.as_ref().is_none_or(|types| types.contains(&it.spec.type_name))
                && keep_newest.is_none_or(|most| self.newer_of_its_target(it) >= most.get() as usize)
        });
        old.into_iter().map(|it| it.id).take(limit.get() as usize).collect()
    }

    /// How many newer final jobs of its type and target there are; countless for a job without a target.
    fn newer_of_its_target(&self, job: &Job) -> usize {
        let newer = |it: &&Job| {
            it.id > job.id
                && it.state.status().is_final()
                && it.spec.type_name == job.spec.type_name
                && it.spec.target == job.spec.target
        };
        if job.spec.target.is_none() { usize::MAX } else { self.jobs.iter().filter(newer).count() }
    }
}

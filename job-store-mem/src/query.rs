//! Lists and counts by filter.

use crate::{tables::Tables, waiting::Place};
use job_core::{
    Job, JobId, JobStatus, Timestamp, TypeName,
    store::{Counted, Cursor, Filter, Listed, Order, Page, Switch},
};
use std::collections::BTreeSet;

/// Jobs in the order of their ids.
type ById<'a> = Box<dyn DoubleEndedIterator<Item = &'a Job> + 'a>;

impl Tables {
    pub(crate) fn list(&self, filter: &Filter, page: &Page) -> Listed {
        let limit = usize::try_from(page.limit.get()).unwrap_or(usize::MAX);
        let enough = limit.saturating_add(1);
        let after = page.after.as_ref();
        let mut jobs: Vec<&Job> = match page.order {
            Order::Newest => self.by_id(filter, None, id(after)).rev().take(enough).collect(),
            Order::Oldest => self.by_id(filter, id(after), None).take(enough).collect(),
            Order::Claim => self.by_place(filter, after, enough),
        };
        let more = jobs.len() > limit;
        jobs.truncate(limit);
        let next = jobs.last().filter(|_| more).map(|it| page.order.cursor(it));
        Listed { rows: jobs.into_iter().cloned().map(Ok).collect(), next }
    }

    pub(crate) fn count(&self, filter: &Filter, cap: u64) -> Counted {
        let enough = usize::try_from(cap).unwrap_or(usize::MAX).saturating_add(1);
        let jobs = if only_waiting(filter) {
            self.by_place(filter, None, enough).len()
        } else {
            self.by_id(filter, None, None).take(enough).count()
        };
        let jobs = u64::try_from(jobs).unwrap_or(u64::MAX);
        Counted { jobs: jobs.min(cap), at_least: jobs > cap }
    }

    pub(crate) fn is_paused(&self, type_name: &TypeName) -> bool {
        !self.switches.is_empty() && self.switches.contains(&Switch::PauseType(type_name.clone()))
    }

    /// The jobs that fit, with ids between `after` and `before`.
    fn by_id<'a>(&'a self, filter: &'a Filter, after: Option<JobId>, before: Option<JobId>) -> ById<'a> {
        let inside = move |id: &JobId| after.is_none_or(|it| *id > it) && before.is_none_or(|it| *id < it);
        if let Some(ids) = &filter.ids {
            let ids: BTreeSet<JobId> = ids.iter().copied().filter(inside).collect();
            let jobs = ids.into_iter().filter_map(|id| self.jobs.get(id));
            return Box::new(jobs.filter(|job| self.fits(filter, job)));
        }
        let (first, last) = filter.id_range.clone().unwrap_or(JobId::BOUNDS).into_inner();
        let first = after.map_or(first, |it| it.max(first));
        let last = before.map_or(last, |it| it.min(last));
        Box::new(self.jobs.within(first..=last).filter(move |job| inside(&job.id) && self.fits(filter, job)))
    }

    /// The first `limit` jobs that fit, queue by queue, as claims start them.
    fn by_place<'a>(&'a self, filter: &'a Filter, after: Option<&Cursor>, limit: usize) -> Vec<&'a Job> {
        if only_waiting(filter) {
            return self.waiting_by_place(filter, after, limit);
        }
        let mut jobs: Vec<(Cursor, &Job)> = self
            .by_id(filter, None, None)
            .map(|job| (Order::Claim.cursor(job), job))
            .filter(|(cursor, _)| after.is_none_or(|it| cursor > it))
            .collect();
        jobs.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        jobs.into_iter().map(|(_, job)| job).take(limit).collect()
    }

    /// The same along the index of those that wait, so that a walk over the ready jobs reads each page once.
    fn waiting_by_place<'a>(
        &'a self,
        filter: &'a Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Vec<&'a Job> {
        let wanted = |it: &TypeName| filter.types.as_ref().is_none_or(|types| types.contains(it));
        let by = filter.ready_at.unwrap_or(Timestamp::MAX);
        let waiting = self.jobs.waiting();
        let places = waiting.queues().flat_map(|queue| {
            let behind: Option<Option<Place>> = match after {
                Some(Cursor::Place { queue: last, .. }) if queue < last => None,
                Some(Cursor::Place { queue: last, place }) if queue == last => Some(Some(*place)),
                _ => Some(None),
            };
            behind.into_iter().flat_map(move |it| waiting.walk(queue, wanted, it, by))
        });
        let jobs = places.filter_map(|((_, _, id), _)| self.jobs.get(id));
        jobs.filter(|job| self.fits(filter, job)).take(limit).collect()
    }

    fn fits(&self, filter: &Filter, job: &Job) -> bool {
        filter.fits(job) && (filter.ready_at.is_none() || self.is_free(job))
    }

    /// Whether neither a pause nor its turn keeps the job from being started.
    fn is_free(&self, job: &Job) -> bool {
        !self.switches.contains(&Switch::PauseQueue(job.state.queue().clone()))
            && !self.is_paused(&job.spec.type_name)
            && job.spec.turn.as_ref().is_none_or(|it| !self.jobs.turn_runs(it))
    }
}

fn id(cursor: Option<&Cursor>) -> Option<JobId> {
    match cursor {
        Some(Cursor::Id(id)) => Some(*id),
        _ => None,
    }
}

fn only_waiting(filter: &Filter) -> bool {
    filter.ready_at.is_some() || filter.statuses.as_deref() == Some(&[JobStatus::Waiting])
}

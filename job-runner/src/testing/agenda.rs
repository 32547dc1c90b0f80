//! What lies before a drain: which jobs may be started or rescued, and when.

use job_core::{
    Job, JobStatus, QueueName, Timestamp, TypeName,
    store::{Filter, JobStore, JobStoreExt, Order, Page, StoreError},
};
use std::{collections::BTreeSet, num::NonZeroU32, sync::Arc};

/// How many rows are read at a time.
const PAGE: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");

/// The jobs of some types that wait or run.
pub(crate) struct Agenda<'a> {
    store: &'a Arc<dyn JobStore>,
    types: Vec<TypeName>,
    jobs: Vec<Job>,
}

impl<'a> Agenda<'a> {
    pub(crate) async fn read(store: &'a Arc<dyn JobStore>, types: Vec<TypeName>) -> Result<Self, StoreError> {
        let filter = Filter {
            types: Some(types.clone()),
            statuses: Some(vec![JobStatus::Waiting, JobStatus::Running]),
            ..Filter::default()
        };
        let (mut page, mut jobs) = (Page::first(Order::Oldest, PAGE), Vec::new());
        loop {
            let listed = store.list(&filter, &page).await?;
            jobs.extend(listed.rows.into_iter().flatten());
            match listed.next {
                Some(next) => page.after = Some(next),
                None => return Ok(Self { store, types, jobs }),
            }
        }
    }

    /// The queues that they wait in, or will.
    pub(crate) fn queues(&self) -> BTreeSet<QueueName> {
        self.jobs.iter().map(|it| it.state.queue().clone()).collect()
    }

    /// The first moment from `earliest` to `latest` at which a script finds something to do: a job that may be started,
    /// or one whose lease has ended. Only what comes up after `over` counts, if that is given.
    pub(crate) async fn next(
        &self,
        over: Option<Timestamp>,
        earliest: Timestamp,
        latest: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let comes_up = |job: &Job| job.state.lease().map_or(job.state.scheduled_start(), |it| it.expires);
        let ahead = self.jobs.iter().filter(|it| over.is_none_or(|over| comes_up(it) > over));
        let mut moments: Vec<(Timestamp, JobStatus)> =
            ahead.map(|it| (comes_up(it).max(earliest), it.state.status())).collect();
        moments.sort();
        moments.dedup();
        for (at, status) in moments.into_iter().filter(|it| it.0 <= latest) {
            // What waits may be paused, or wait for its turn.
            if status == JobStatus::Running || self.is_anything_ready(at).await? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    async fn is_anything_ready(&self, at: Timestamp) -> Result<bool, StoreError> {
        let ready = Filter { types: Some(self.types.clone()), ready_at: Some(at), ..Filter::default() };
        self.store.any(&ready).await
    }
}

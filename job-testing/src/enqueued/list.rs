//! What waits in a store, and how near each job comes to what is looked for.

use super::condition::Condition;
use job_core::{
    Job, JobStatus, TypeName,
    store::{Filter, JobStore, Order, Page, StoreError},
};
use std::num::NonZeroU32;

/// How many rows are read at a time.
const PAGE: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");

/// How far a look behind the waiting jobs goes.
const COUNTED_MOST: u64 = 1000;

/// What a look has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The jobs that fit, the oldest first.
    pub(super) fit: Vec<Job>,
    /// The others that wait, the nearest first, and what each of them misses.
    pub(super) others: Vec<(Job, Vec<String>)>,
    /// Waiting rows that cannot be read.
    pub(super) unreadable: usize,
    /// How many jobs of the type do not wait, by status.
    pub(super) elsewhere: Vec<(JobStatus, u64)>,
}

/// Looks at all jobs of `store` that wait.
pub(super) async fn look(
    store: &(impl JobStore + ?Sized),
    conditions: &[Condition<'_>],
    type_name: Option<&str>,
) -> Result<Found, StoreError> {
    let mut found = Found::default();
    let waiting = Filter { statuses: Some(vec![JobStatus::Waiting]), ..Filter::default() };
    let mut page = Page::first(Order::Oldest, PAGE);
    loop {
        let listed = store.list(&waiting, &page).await?;
        for row in listed.rows {
            let Ok(job) = row else {
                found.unreadable += 1;
                continue;
            };
            let missed = conditions.iter().filter(|it| !it.holds(&job));
            let missed: Vec<String> = missed.map(|it| it.wants.clone()).collect();
            if missed.is_empty() {
                found.fit.push(job);
            } else {
                found.others.push((job, missed));
            }
        }
        match listed.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    // Another type is further away than any number of other differences.
    let distance = |(job, missed): &(Job, Vec<String>)| {
        (type_name.is_some_and(|it| it != job.spec.type_name.as_str()), missed.len())
    };
    found.others.sort_by_key(distance);
    if let Some(name) = type_name.and_then(|it| TypeName::new(it).ok()) {
        found.elsewhere = elsewhere(store, name).await?;
    }
    Ok(found)
}

async fn elsewhere(
    store: &(impl JobStore + ?Sized),
    name: TypeName,
) -> Result<Vec<(JobStatus, u64)>, StoreError> {
    let mut counts = Vec::new();
    for status in JobStatus::ALL.into_iter().filter(|it| *it != JobStatus::Waiting) {
        let filter =
            Filter { types: Some(vec![name.clone()]), statuses: Some(vec![status]), ..Filter::default() };
        let count = store.count(&filter, COUNTED_MOST).await?.jobs;
        counts.extend((count > 0).then_some((status, count)));
    }
    Ok(counts)
}

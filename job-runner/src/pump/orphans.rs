//! Jobs that were claimed for this runner by a call whose reply was lost.

use crate::attempt::attempts::Attempts;
use job_core::{
    ActorId, JobId, JobState, JobStatus,
    store::{Claim, Claimed, Filter, JobStore, Order, Page, StoreError},
};
use std::{num::NonZeroU32, sync::Arc};

const PAGE: NonZeroU32 = NonZeroU32::new(256).expect("not zero");

/// The jobs that `claim`'s runner holds in the store and knows nothing of. Without this they would wait for their
/// leases to end.
pub(crate) async fn find(
    store: &Arc<dyn JobStore>,
    claim: &Claim,
    attempts: &Attempts,
) -> Result<Claimed, StoreError> {
    let filter = Filter {
        types: Some(claim.types.clone()),
        statuses: Some(vec![JobStatus::Running]),
        ..Filter::default()
    };
    let mut page = Page::first(Order::Oldest, PAGE);
    let mut claimed = Claimed::default();
    loop {
        let listed = store.list(&filter, &page).await?;
        for row in listed.rows {
            match row {
                Ok(job) if is_orphan(job.id, &job.state, claim.by, attempts) => claimed.jobs.push(job),
                Err(row)
                    if row.state.as_ref().is_some_and(|it| is_orphan(row.id, &it.1, claim.by, attempts)) =>
                {
                    claimed.unreadable.push(row);
                }
                _ => {}
            }
        }
        match listed.next {
            Some(next) => page.after = Some(next),
            None => return Ok(claimed),
        }
    }
}

fn is_orphan(id: JobId, state: &JobState, by: ActorId, attempts: &Attempts) -> bool {
    state.lease().is_some_and(|it| it.holder == by) && !attempts.contains((id, state.revision()))
}

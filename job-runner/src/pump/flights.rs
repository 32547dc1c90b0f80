//! The pump's calls to the store that are under way: one, or two where there are slots enough, so that the store works
//! for one half of the slots while the handlers of the other run.

use crate::{
    clock::Instant,
    pump::{lane::Seen, outbox::Batch},
    run::many,
};
use job_core::{
    QueueName, Reply,
    store::{Claim, Claimed, JobStore, StoreError},
};
use std::{panic, sync::Arc};
use tokio::task::{Id, JoinSet};

/// From how many slots on a second call is worth it. Halves of fewer make small batches, and these cost a store more than
/// the waiting costs us.
const WIDE: usize = 64;

/// Calls that were made and not answered.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    calls: JoinSet<Landed>,
    manifests: Vec<Manifest>,
}

/// What a call is about, while it is under way.
#[derive(Debug)]
struct Manifest {
    call: Id,
    asked: Instant,
    settling: usize,
    claim: Option<Claim>,
}

/// A call that was answered.
#[derive(Debug)]
pub(crate) struct Landed {
    pub(crate) batch: Batch,
    pub(crate) claim: Option<Claim>,
    /// The instant before it was made.
    pub(crate) asked: Instant,
    /// What had happened by then.
    pub(crate) seen: Seen,
    pub(crate) answer: Result<(Vec<Reply>, Claimed), StoreError>,
}

impl Flights {
    /// Settles `batch` and makes `claim`, in one call.
    pub(crate) fn send(
        &mut self,
        store: Arc<dyn JobStore>,
        batch: Batch,
        claim: Option<Claim>,
        (asked, seen): (Instant, Seen),
    ) {
        let (settling, claims) = (batch.len(), claim.clone());
        let call = self.calls.spawn(async move {
            let answer = match &claim {
                None => store.apply(&batch.changes).await.map(|it| (it, Claimed::default())),
                Some(claim) if batch.is_empty() => store.claim(claim).await.map(|it| (Vec::new(), it)),
                Some(claim) => store.exchange(&batch.changes, claim).await,
            };
            Landed { batch, claim, asked, seen, answer }
        });
        self.manifests.push(Manifest { call: call.id(), asked, settling, claim: claims });
    }

    /// The next answer; `None` if nothing is under way. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Landed> {
        let (call, landed) = match self.calls.join_next_with_id().await? {
            Ok(landed) => landed,
            // A store that panics does so in the pump's own task.
            Err(error) => panic::resume_unwind(error.try_into_panic().ok()?),
        };
        self.manifests.retain(|it| it.call != call);
        Some(landed)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Whether another call may be made by a runner with `slots` slots; and the least that it must be worth, in changes or
    /// jobs.
    pub(crate) fn room(&self, slots: usize) -> Option<usize> {
        match self.calls.len() {
            0 => Some(0),
            1 if slots >= WIDE => Some(share(slots)),
            _ => None,
        }
    }

    /// How many changes are on their way.
    pub(crate) fn settling(&self) -> usize {
        self.manifests.iter().map(|it| it.settling).sum()
    }

    /// How many jobs may come back.
    pub(crate) fn claiming(&self) -> usize {
        self.claims().map(|it| many(it.limit.get())).sum()
    }

    /// How many jobs of `queue` may come back.
    pub(crate) fn claiming_of(&self, queue: &QueueName) -> usize {
        self.claims().filter(|it| it.queue == *queue).map(|it| many(it.limit.get())).sum()
    }

    /// When the oldest call was made.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.manifests.iter().map(|it| it.asked).min()
    }

    fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.manifests.iter().filter_map(|it| it.claim.as_ref())
    }
}

/// The most that one call claims for a runner with `slots` slots.
pub(crate) fn share(slots: usize) -> usize {
    if slots >= WIDE { slots.div_ceil(2) } else { usize::MAX }
}

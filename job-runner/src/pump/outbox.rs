//! Ends that were judged and wait to be sent to the store.

use crate::{
    attempt::judge::{Judged, Sentence},
    clock::{Instant, RunnerClock},
};
use job_core::{Change, store::StoreError};
use std::{collections::VecDeque, time::Duration};

/// The most changes of a batch.
pub(crate) const BATCH: usize = 1000;

/// How long a change waits that somebody's open transaction held up.
const BUSY_DELAY: Duration = Duration::from_millis(200);

/// How long a change waits that the store failed at although it was sent by itself.
const FAILED_DELAY: Duration = Duration::from_secs(10);

/// Ends that wait to be sent, and those that the store was too busy for.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    ready: VecDeque<Sentence>,
    /// Kept until the instant; their leases are renewed all the while.
    busy: Vec<(Instant, Sentence)>,
}

/// What goes to the store in one call: the changes, and what is known about each.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) changes: Vec<Change>,
    pub(crate) judged: Vec<Judged>,
}

impl Batch {
    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Outbox {
    pub(crate) fn push(&mut self, sentence: Sentence) {
        self.ready.push_back(sentence);
    }

    /// Whether nothing waits, not even for others.
    pub(crate) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.busy.is_empty()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ready.len() + self.busy.len()
    }

    /// How many can be sent now.
    pub(crate) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// The first change that is sent by itself.
    pub(crate) fn take_apart(&mut self) -> Option<Batch> {
        let at = self.ready.iter().position(|it| it.1.apart)?;
        let (change, judged) = self.ready.remove(at)?;
        Some(Batch { changes: vec![change], judged: vec![judged] })
    }

    /// Whether there is one that can be sent now.
    pub(crate) fn has_apart(&self) -> bool {
        self.ready.iter().any(|it| it.1.apart)
    }

    /// A batch of changes that take a key back, which are sent by themselves, or of the others. In order.
    pub(crate) fn take(&mut self, taking_keys: bool) -> Batch {
        let mut batch = Batch::default();
        for _ in 0..self.ready.len() {
            let Some((change, judged)) = self.ready.pop_front() else { break };
            if change.takes_key == taking_keys && !judged.apart && batch.changes.len() < BATCH {
                batch.changes.push(change);
                batch.judged.push(judged);
            } else {
                self.ready.push_back((change, judged));
            }
        }
        batch
    }

    /// The reply to `batch` was lost, or the store failed at it: it is sent again, before all others. In the latter case one
    /// by one, so that a change that it cannot take holds up no other; and such a one only after a while.
    pub(crate) fn put_back(&mut self, batch: Batch, error: &StoreError, clock: &RunnerClock) {
        let failed = !error.is_transient();
        for (change, judged) in batch.changes.into_iter().zip(batch.judged).rev() {
            let again = Judged { resent: true, apart: judged.apart || failed, ..judged };
            if failed && judged.apart {
                self.busy.push((clock.instant() + clock.jittered(FAILED_DELAY), (change, again)));
            } else {
                self.ready.push_front((change, again));
            }
        }
    }

    /// Somebody's open transaction holds the row or the key: sent again a little later.
    pub(crate) fn keep(&mut self, sentence: Sentence, clock: &RunnerClock) {
        self.busy.push((clock.instant() + clock.jittered(BUSY_DELAY), sentence));
    }

    /// Makes ready what has waited long enough.
    pub(crate) fn wake(&mut self, now: Instant) {
        for index in (0..self.busy.len()).rev() {
            if self.busy[index].0 <= now {
                let (_, sentence) = self.busy.swap_remove(index);
                self.ready.push_back(sentence);
            }
        }
    }

    /// When the next one has waited long enough.
    pub(crate) fn next_wake(&self) -> Option<Instant> {
        self.busy.iter().map(|it| it.0).min()
    }
}

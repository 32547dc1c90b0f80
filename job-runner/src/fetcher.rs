//! What to claim next: one claim per queue, as long as a queue may have something.

use crate::outbox::BATCH;
use job_core::{QueueName, store::Claim};
use std::num::NonZeroU32;

/// The queues of a run, and what is known of each.
#[derive(Debug)]
pub(crate) struct Fetcher {
    /// What all claims have in common.
    claim: Claim,
    queues: Vec<Lane>,
    /// The queue that is asked next, so that none waits for another.
    turn: usize,
    seen: Seen,
}

#[derive(Debug)]
struct Lane {
    queue: QueueName,
    /// When a claim of it last came back with less than it asked for.
    dry: Option<Seen>,
}

/// How much had happened that may make more jobs ready.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Seen {
    /// Ends that were settled.
    settled: u64,
    /// Those among them that ended a turn.
    turns: u64,
}

impl Lane {
    /// Whether a claim may find something. A turn that ended frees its successor; and once nothing runs, one
    /// more look is worth it, since a claim passes over rows that somebody holds locked.
    fn may_have(&self, seen: Seen, idle: bool) -> bool {
        self.dry.is_none_or(|dry| dry.turns != seen.turns || (idle && dry.settled != seen.settled))
    }
}

impl Fetcher {
    /// Claims like `claim`, from `queues`.
    pub(crate) fn new(claim: Claim, queues: Vec<QueueName>) -> Self {
        let queues = queues.into_iter().map(|queue| Lane { queue, dry: None }).collect();
        Self { claim, queues, turn: 0, seen: Seen::default() }
    }

    /// The next claim, for at most `free` jobs; `idle` if nothing is under way. `None` if there is nothing to look for.
    pub(crate) fn next(&mut self, free: usize, idle: bool) -> Option<Claim> {
        let limit = u32::try_from(free.min(BATCH)).ok().and_then(NonZeroU32::new)?;
        let count = self.queues.len();
        let at = (0..count)
            .map(|it| (self.turn + it) % count)
            .find(|it| self.queues[*it].may_have(self.seen, idle))?;
        self.turn = at;
        Some(Claim { queue: self.queues[at].queue.clone(), limit, ..self.claim.clone() })
    }

    /// `claim` started this many jobs.
    pub(crate) fn got(&mut self, claim: &Claim, started: usize) {
        let dry = u32::try_from(started).is_ok_and(|it| it < claim.limit.get());
        if let Some(lane) = self.queues.iter_mut().find(|it| it.queue == claim.queue) {
            lane.dry = dry.then_some(self.seen);
        }
        self.turn = (self.turn + 1) % self.queues.len().max(1);
    }

    /// An end was settled, and with it a turn, if its job had one.
    pub(crate) fn settled(&mut self, turn: bool) {
        self.seen.settled += 1;
        self.seen.turns += u64::from(turn);
    }

    /// Whether there is nothing to look for any more, if nothing is under way.
    pub(crate) fn is_dry(&self) -> bool {
        !self.queues.iter().any(|it| it.may_have(self.seen, true))
    }

    /// What all claims have in common.
    pub(crate) fn claim(&self) -> &Claim {
        &self.claim
    }
}

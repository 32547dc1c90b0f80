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
        let in_turn = |idle| {
            let mut lanes = (0..count).map(|it| (self.turn + it) % count);
            lanes.find(|it| self.queues[*it].may_have(self.seen, idle))
        };
        // A last look is for when there is nothing else to look for.
        let at = in_turn(false).or_else(|| idle.then(|| in_turn(true)).flatten())?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use job_core::Clock;
    use job_testing::factory::{claim, named};

    #[test]
    fn a_queue_is_looked_into_a_last_time_once_the_others_have_nothing_left() {
        let mut fetcher = Fetcher::new(claim(Clock::Store), vec![named("empty"), named("full")]);
        let look = fetcher.next(5, true).unwrap();
        assert_eq!(look.queue, named("empty"));
        fetcher.got(&look, 0);
        for _ in 0..3 {
            let full = fetcher.next(5, true).unwrap();
            assert_eq!(full.queue, named("full"));
            fetcher.got(&full, 5);
            fetcher.settled(false);
        }
        let last = fetcher.next(5, true).unwrap();
        fetcher.got(&last, 2);
        fetcher.settled(false);
        // While something runs, there is nothing to look for; then each is looked into once more.
        assert_eq!(fetcher.next(5, false), None);
        assert!(!fetcher.is_dry());
        for _ in 0..2 {
            let look = fetcher.next(5, true).unwrap();
            fetcher.got(&look, 0);
        }
        assert_eq!(fetcher.next(5, true), None);
        assert!(fetcher.is_dry());
    }
}

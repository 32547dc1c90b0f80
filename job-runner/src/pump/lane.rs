//! One queue of a run, and what is known of it.

use crate::clock::{Instant, RunnerClock};
use job_core::QueueName;
use std::time::Duration;

/// For how many polls a queue in which something happened is looked into at every one of them.
const WARM: u32 = 10;

/// A queue of a run.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) queue: QueueName,
    /// The most jobs of it at a time.
    pub(crate) most: Option<usize>,
    /// What is known since a claim of it came back with less than it asked for.
    dry: Option<Dry>,
    /// Until when it is looked into at every poll.
    warm_until: Option<Instant>,
    /// Until when nothing is claimed ahead.
    no_prefetch_until: Option<Instant>,
    /// Nor by the next claim, however long it takes: one that is made after so many.
    bare_after: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Dry {
    seen: Seen,
    /// When it is looked into again without a reason.
    look: Option<Instant>,
}

/// How much had happened that may make more jobs ready.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Seen {
    /// Ends that were settled.
    pub(crate) settled: u64,
    /// Those among them that ended a turn.
    pub(crate) turns: u64,
    /// Claims that were made.
    pub(crate) claims: u64,
}

/// How often a worker looks into queues that seem empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Polling {
    /// A queue in which something has happened lately.
    pub(crate) warm: Duration,
    /// Any other.
    pub(crate) cold: Duration,
}

impl Lane {
    pub(crate) fn new(queue: QueueName, most: Option<usize>) -> Self {
        Self { queue, most, dry: None, warm_until: None, no_prefetch_until: None, bare_after: None }
    }

    /// Whether a claim of it may find something at `now`: it did the last time, a turn has ended and so freed its
    /// successor, or it is time to look.
    pub(crate) fn may_have(&self, seen: Seen, now: Instant) -> bool {
        self.dry.is_none_or(|dry| dry.seen.turns != seen.turns || dry.look.is_some_and(|it| it <= now))
    }

    /// Whether it was found empty the last time.
    pub(crate) fn is_dry(&self) -> bool {
        self.dry.is_some()
    }

    /// Whether one more look is worth it, once nothing is under way: claims pass over rows that somebody holds locked.
    pub(crate) fn may_have_left(&self, seen: Seen) -> bool {
        self.dry.is_some_and(|dry| dry.seen.settled != seen.settled)
    }

    /// A claim of it has found nothing more.
    pub(crate) fn dried(&mut self, seen: Seen, polling: Option<Polling>, clock: &RunnerClock) {
        let now = clock.instant();
        let look = polling.map(|polling| {
            let warm = self.warm_until.is_some_and(|it| now < it);
            now + clock.at_most(if warm { polling.warm } else { polling.cold })
        });
        self.dry = Some(Dry { seen, look });
    }

    /// Something has happened in it.
    pub(crate) fn stirred(&mut self, polling: Option<Polling>, now: Instant) {
        self.dry = None;
        self.warm_until = polling.map(|it| now + it.warm * WARM);
    }

    /// When it is looked into without a reason.
    pub(crate) fn look(&self) -> Option<Instant> {
        self.dry.and_then(|it| it.look)
    }

    /// Nothing is claimed ahead of free slots by the next claim, and until `then`.
    pub(crate) fn no_prefetch_until(&mut self, then: Instant, seen: Seen) {
        self.no_prefetch_until = Some(then);
        self.bare_after = Some(seen.claims);
    }

    /// A claim of it was answered that was the last in what had been `seen`.
    pub(crate) fn claimed(&mut self, seen: Seen) {
        self.bare_after = self.bare_after.filter(|it| seen.claims <= *it);
    }

    /// Whether the next claim is to bring only what can start at once, and has not been answered yet.
    pub(crate) fn is_bare(&self) -> bool {
        self.bare_after.is_some()
    }

    /// Whether jobs may be claimed ahead of free slots.
    pub(crate) fn may_prefetch(&self, now: Instant) -> bool {
        self.most.is_none() && !self.is_bare() && self.no_prefetch_until.is_none_or(|it| it <= now)
    }
}

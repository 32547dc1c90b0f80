//! How claims look for jobs: what is known of a queue's rows from how long it took to look at them.
//!
//! A look is cheap where what it finds lies at the head. Where few due jobs are between many rows that wait for later, for a
//! turn or for others, it walks all of these to come back with little. After one that took long, claims look otherwise for a
//! while; after one that did so all the same, all is looked at again after some time, and until then only what is new and
//! the front of the queue. It is a hint: a job that became ready elsewhere is taken late, by three seconds at most, but for
//! claims that end a run (`due_by`): of these an empty answer has looked at everything.

use crate::claim::floor::{Floors, LONG, Place, SHARE};
use job_core::{Clock, QueueName, Timestamp, TypeName, store::Claim};
use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// For how long claims look so before they try the usual way again.
const AWHILE: Duration = Duration::from_secs(60);
/// All is looked at again after this at the latest.
const LATEST: Duration = Duration::from_secs(3);
/// What was inserted this long before a look may not have been committed yet when it was made.
const MARGIN: Duration = Duration::from_secs(1);

/// How a claim looks for jobs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Look {
    /// By `sql/due.sql`, from this place on, if not from the head.
    Walk(Option<Place>),
    /// By `sql/scattered.sql`; if all was looked at that long ago, then only for what may be new.
    Scattered(Option<Duration>),
}

/// A look that was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looked {
    pub(crate) look: Look,
    pub(crate) begun: Instant,
    pub(crate) took: Duration,
}

/// How the claims of a store look.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    floors: Floors,
    scattered: Mutex<Vec<Scattered>>,
}

/// A queue whose few due jobs are scattered.
#[derive(Debug)]
struct Scattered {
    queue: QueueName,
    types: Vec<TypeName>,
    due_by: Option<Timestamp>,
    until: Instant,
    /// When all was looked at, and until when that is good enough.
    whole: Option<(Instant, Instant)>,
}

impl Looks {
    /// How `claim` is to look. Claims by another clock than the store's, in tests, always look at everything.
    pub(crate) fn next(&self, claim: &Claim) -> Look {
        let now = Instant::now();
        if claim.clock == Clock::Store {
            let mut scattered = self.scattered.lock();
            scattered.retain(|it| it.until > now);
            if let Some(it) = scattered.iter().find(|it| it.is_of(claim)) {
                let whole = it.whole.filter(|(_, good_until)| now < *good_until);
                return Look::Scattered(whole.map(|(at, _)| now.duration_since(at) + MARGIN));
            }
        }
        Look::Walk(self.floors.of(claim))
    }

    /// A look of `claim` met its limit, with `last` as the last of its rows.
    pub(crate) fn met_limit(&self, claim: &Claim, looked: Looked, last: Place) {
        match looked.look {
            Look::Walk(from) => self.floors.met_limit(claim, from, looked.took, last),
            // There is much to find after all, behind what only a floor spares.
            Look::Scattered(None) if looked.took > LONG => self.forget(claim),
            Look::Scattered(_) => {}
        }
    }

    /// A look of `claim`, for all that may be ready, did not meet its limit. Whether there may be more all the same.
    pub(crate) fn came_short(&self, claim: &Claim, looked: Looked, nothing: bool) -> bool {
        match looked.look {
            Look::Walk(Some(_)) => {
                self.floors.forget(claim);
                true
            }
            Look::Walk(None) => {
                if looked.took > LONG && claim.clock == Clock::Store {
                    self.forget(claim);
                    let (queue, types) = (claim.queue.clone(), claim.types.clone());
                    let until = Instant::now() + AWHILE;
                    let whole = Some(looked.good_for());
                    let due_by = claim.due_by;
                    self.scattered.lock().push(Scattered { queue, types, due_by, until, whole });
                }
                false
            }
            Look::Scattered(None) => {
                self.set_whole(claim, (looked.took > LONG).then(|| looked.good_for()));
                false
            }
            Look::Scattered(Some(_)) => {
                let more = nothing && claim.due_by.is_some();
                if more {
                    self.set_whole(claim, None);
                }
                more
            }
        }
    }

    fn set_whole(&self, claim: &Claim, whole: Option<(Instant, Instant)>) {
        for it in self.scattered.lock().iter_mut().filter(|it| it.is_of(claim)) {
            it.whole = whole;
        }
    }

    fn forget(&self, claim: &Claim) {
        self.scattered.lock().retain(|it| !it.is_of(claim));
    }
}

impl Looked {
    /// When it began, and until when it need not be made again, so that this takes a twentieth of the time.
    fn good_for(self) -> (Instant, Instant) {
        (self.begun, Instant::now() + (self.took * SHARE).min(LATEST))
    }
}

impl Scattered {
    fn is_of(&self, claim: &Claim) -> bool {
        self.queue == claim.queue && self.types == claim.types && self.due_by == claim.due_by
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use job_testing::factory;

    fn looked(look: Look, took: Duration) -> Looked {
        Looked { look, begun: Instant::now(), took }
    }

    #[test]
    fn only_a_long_look_that_came_short_makes_the_next_ones_look_otherwise() {
        let (looks, claim) = (Looks::default(), factory::claim(Clock::Store));
        assert!(!looks.came_short(&claim, looked(Look::Walk(None), LONG), true));
        assert_eq!(looks.next(&claim), Look::Walk(None));
        assert!(!looks.came_short(&claim, looked(Look::Walk(None), LATEST), true));
        assert!(matches!(looks.next(&claim), Look::Scattered(Some(age)) if age >= MARGIN));
        let by_hand = factory::claim(Clock::At(factory::noon()));
        assert_eq!(looks.next(&by_hand), Look::Walk(None));
        let others = Claim { types: Vec::new(), ..claim };
        assert_eq!(looks.next(&others), Look::Walk(None), "others look for themselves");
    }

    #[test]
    fn a_claim_that_ends_a_run_is_empty_only_once_all_was_looked_at() {
        let claim = Claim { due_by: Some(factory::noon()), ..factory::claim(Clock::Store) };
        let looks = Looks::default();
        looks.came_short(&claim, looked(Look::Walk(None), LATEST), false);
        let lookout = looks.next(&claim);
        assert!(matches!(lookout, Look::Scattered(Some(_))));
        assert!(!looks.came_short(&claim, looked(lookout, LONG), false), "something to do first");
        assert!(matches!(looks.next(&claim), Look::Scattered(Some(_))));
        assert!(looks.came_short(&claim, looked(lookout, LONG), true));
        assert_eq!(looks.next(&claim), Look::Scattered(None));
    }

    #[test]
    fn a_look_at_everything_that_is_short_needs_no_lookouts() {
        let (looks, claim) = (Looks::default(), factory::claim(Clock::Store));
        looks.came_short(&claim, looked(Look::Walk(None), LATEST), true);
        looks.came_short(&claim, looked(Look::Scattered(None), LONG), true);
        assert_eq!(looks.next(&claim), Look::Scattered(None));
        looks.met_limit(
            &claim,
            looked(Look::Scattered(None), LATEST),
            (0, factory::noon(), *job_core::JobId::BOUNDS.start()),
        );
        assert_eq!(looks.next(&claim), Look::Walk(None), "floors are for those");
    }
}

//! Where claims begin while the head of a queue is rotten.
//!
//! Rows of types that nobody here knows, and entries of rows that an old snapshot keeps from being removed, are walked over by
//! every claim. After a walk that took long the next claims begin at the place where that one ended, and the head is looked at
//! again soon. It is a hint: a job in front of the floor is taken late, by a second at most, and nothing depends on it.

use job_core::{Clock, JobId, QueueName, Timestamp, TypeName, store::Claim};
use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// A walk that takes longer is a reason for a floor, or to look otherwise.
pub(crate) const LONG: Duration = Duration::from_millis(5);
/// The head is looked at again after this many times what the walk took, so that this takes a twentieth of the time.
pub(crate) const SHARE: u32 = 20;
/// But at the latest after this.
const LATEST: Duration = Duration::from_secs(1);

/// A place in the order of claims.
pub(crate) type Place = (i32, Timestamp, JobId);

/// The floors of queues, each for the types that it was found with.
#[derive(Debug, Default)]
pub(crate) struct Floors(Mutex<Vec<Floor>>);

#[derive(Debug)]
struct Floor {
    queue: QueueName,
    types: Vec<TypeName>,
    place: Place,
    until: Instant,
}

impl Floors {
    /// Where `claim` begins, if not at the head. Claims by another clock than the store's, in tests, always begin there.
    pub(crate) fn of(&self, claim: &Claim) -> Option<Place> {
        let mut floors = self.0.lock();
        floors.retain(|it| it.until > Instant::now());
        let floor = floors.iter().find(|it| it.is_of(claim)).filter(|_| claim.clock == Clock::Store);
        floor.map(|it| it.place)
    }

    /// A claim that began at `from` took that long and met its limit, with `last` as the last of its rows.
    pub(crate) fn met_limit(&self, claim: &Claim, from: Option<Place>, took: Duration, place: Place) {
        let mut floors = self.0.lock();
        if from.is_some() {
            for floor in floors.iter_mut().filter(|it| it.is_of(claim)) {
                floor.place = floor.place.max(place);
            }
        } else if took > LONG && claim.clock == Clock::Store {
            let until = Instant::now() + (took * SHARE).min(LATEST);
            let (queue, types) = (claim.queue.clone(), claim.types.clone());
            floors.retain(|it| !it.is_of(claim));
            floors.push(Floor { queue, types, place, until });
        }
    }

    /// There is nothing more above the floor.
    pub(crate) fn forget(&self, claim: &Claim) {
        self.0.lock().retain(|it| !it.is_of(claim));
    }
}

impl Floor {
    fn is_of(&self, claim: &Claim) -> bool {
        self.queue == claim.queue && self.types == claim.types
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use job_testing::factory;

    fn last(millis: u64) -> Place {
        (0, factory::noon(), JobId::v7(millis, [0; 10]))
    }

    #[test]
    fn only_a_long_walk_of_the_stores_own_clock_makes_a_floor() {
        let (floors, claim) = (Floors::default(), factory::claim(Clock::Store));
        floors.met_limit(&claim, None, LONG, last(1));
        assert_eq!(floors.of(&claim), None);
        let by_hand = factory::claim(Clock::At(factory::noon()));
        floors.met_limit(&by_hand, None, LATEST, last(1));
        assert_eq!(floors.of(&by_hand), None);
        floors.met_limit(&claim, None, LATEST, last(1));
        assert_eq!(floors.of(&by_hand), None);
        assert!(floors.of(&claim).is_some());
        assert_eq!(
            floors.of(&Claim { types: Vec::new(), ..claim.clone() }),
            None,
            "others walk for themselves"
        );
        floors.forget(&claim);
        assert_eq!(floors.of(&claim), None);
    }

    #[test]
    fn a_floor_rises_and_never_falls() {
        let (floors, claim) = (Floors::default(), factory::claim(Clock::Store));
        floors.met_limit(&claim, None, LATEST, last(5));
        let first = floors.of(&claim);
        floors.met_limit(&claim, first, LATEST, last(9));
        let second = floors.of(&claim);
        assert!(second > first);
        floors.met_limit(&claim, first, LATEST, last(7));
        assert_eq!(floors.of(&claim), second);
    }
}

//! The store's clock, and the ids that grow with it.

use job_core::{Clock, JobId, Timestamp};
use std::{
    hash::{BuildHasher, RandomState},
    time::SystemTime,
};

/// The time by `clock`.
pub(crate) fn time(clock: Clock) -> Timestamp {
    match clock {
        Clock::At(time) => time,
        Clock::Store => Timestamp::EPOCH + SystemTime::UNIX_EPOCH.elapsed().expect("it is past 1970"),
    }
}

/// Mints ids of the time, at most one a microsecond.
#[derive(Debug, Default)]
pub(crate) struct Mint {
    last: u64,
}

impl Mint {
    /// An id greater than all before.
    pub(crate) fn id(&mut self) -> JobId {
        self.last = time(Clock::Store).as_micros().unsigned_abs().max(self.last + 1);
        let [.., high, low] = (self.last % 1000).to_be_bytes();
        // The only randomness in the standard library.
        let [a, b, c, d, e, f, g, h] = RandomState::new().hash_one(self.last).to_be_bytes();
        // The version's four bits and the variant's two are written over the first of `high` and of `a`.
        JobId::v7(self.last / 1000, [high, low, a, b, c, d, e, f, g, h])
    }
}

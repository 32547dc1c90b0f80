//! Where new ids and the time come from: the clock and the randomness of this machine.

use job_core::{Clock, JobId, Timestamp};
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// A new id, greater than all that this process made before, also within a millisecond and from other threads.
pub(crate) fn mint() -> JobId {
    JobId::from_uuid(Uuid::now_v7())
}

/// The time of the store: all processes on one file are on one machine, so its clock is the one that they share.
pub(crate) fn now() -> Timestamp {
    let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |it| -it),
    };
    Timestamp::from_micros(micros)
}

/// The time by `clock`.
pub(crate) fn time(clock: Clock) -> Timestamp {
    match clock {
        Clock::Store => now(),
        Clock::At(at) => at,
    }
}

//! Leased locks: at most one script at a time per section, without a leader.

use crate::{ActorId, Clock, LockName, Text, Timestamp};
use std::time::Duration;

/// Takes a lock, extends it, or gives it up.
///
/// A lock is free when nobody took it, its lease ended, or its holder gave it up. Of any number of callers at
/// once exactly one takes a free lock. Its holder may ask again, which extends the lease to `lease` from now; a lease
/// of zero gives the lock up.
#[derive(Clone, Debug, PartialEq)]
pub struct LockRequest {
    /// Which lock.
    pub name: LockName,
    /// Who asks.
    pub by: ActorId,
    /// Who asks, for people: such as the host and the process id.
    pub holder: Text,
    /// For how long, from now.
    pub lease: Duration,
    /// Whose time counts.
    pub clock: Clock,
}

/// What became of a request for a lock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Lock {
    /// It is the caller's, until then.
    Taken {
        /// When its lease ends.
        until: Timestamp,
    },
    /// The caller does not hold it any more, and it is free.
    GivenUp,
    /// Somebody else holds it.
    Busy {
        /// Who, for people.
        holder: Text,
        /// When their lease ends, unless they extend it.
        until: Timestamp,
    },
}

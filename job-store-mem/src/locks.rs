//! Leased locks.

use job_core::{
    ActorId, LockName, Text, Timestamp,
    store::{Lock, LockRequest},
};
use std::collections::HashMap;

/// The locks that somebody took; one whose lease ended is free.
#[derive(Debug, Default)]
pub(crate) struct Locks(HashMap<LockName, Taken>);

#[derive(Debug)]
struct Taken {
    by: ActorId,
    holder: Text,
    until: Timestamp,
}

impl Locks {
    pub(crate) fn ask(&mut self, request: &LockRequest, now: Timestamp) -> Lock {
        let held = self.0.get(&request.name).filter(|it| it.until > now && it.by != request.by);
        if let Some(Taken { holder, until, .. }) = held {
            return Lock::Busy { holder: holder.clone(), until: *until };
        }
        if request.lease.is_zero() {
            self.0.remove(&request.name);
            return Lock::GivenUp;
        }
        let until = now + request.lease;
        let taken = Taken { by: request.by, holder: request.holder.clone(), until };
        self.0.insert(request.name.clone(), taken);
        Lock::Taken { until }
    }
}

//! The lock of a section: at most one script of it at a time, on any machine.

use crate::{SectionSettings, backoff::Patience, clock::Instant, host};
use job_core::{
    ActorId, Clock, LockName, SectionName, Text, Timestamp,
    store::{JobStore, Lock, LockRequest, StoreError},
};
use std::{sync::Arc, time::Duration};
use tracing::{info, warn};

/// How often a script that waits looks whether the lock is free.
const LOOK: Duration = Duration::from_secs(1);

/// What is asked of the store for the lock of a section.
#[derive(Clone, Debug)]
pub(crate) struct SectionLock {
    section: SectionName,
    request: LockRequest,
}

/// What came of asking for it.
#[derive(Debug)]
pub(crate) enum Asked {
    /// It is ours, asked for at this instant.
    Taken(Instant),
    /// It is somebody else's.
    Busy { holder: Text, until: Timestamp },
    /// The runner was told to stop while it waited.
    Stopped,
}

impl SectionLock {
    /// A lock that outlasts the jobs: one that is claimed just before the next beat is leased for a beat longer than a
    /// lock of the same lease. So the script that takes over from a dead one finds all its jobs lapsed.
    pub(crate) fn new(settings: &SectionSettings, name: LockName, by: ActorId, clock: Clock) -> Self {
        let lease = settings.lease + settings.beat;
        let request = LockRequest { name, by, holder: host::holder(), lease, clock };
        Self { section: settings.name.clone(), request }
    }

    /// Takes the lock; if somebody else holds it and `wait` is set, waits for them.
    pub(crate) async fn take(
        &self,
        store: &Arc<dyn JobStore>,
        patience: Patience<'_>,
        wait: bool,
    ) -> Result<Asked, StoreError> {
        let mut waits = false;
        let Patience { clock, stop, .. } = patience;
        while !stop.is_cancelled() {
            let asked = clock.instant();
            let answer = patience.call(|| store.lock(&self.request)).await?;
            let Lock::Busy { holder, until } = answer else { return Ok(Asked::Taken(asked)) };
            if !wait {
                return Ok(Asked::Busy { holder, until });
            }
            if !waits {
                let section = &self.section;
                info!(
                    section.name = %section,
                    "Section {section} is running elsewhere: {holder}; its lock holds until {until}. Waiting for it."
                );
            }
            waits = true;
            let left = until.since(clock.now());
            tokio::select! {
                () = tokio::time::sleep(left.clamp(LOOK / 10, LOOK)) => {}
                () = stop.cancelled() => {}
            }
        }
        Ok(Asked::Stopped)
    }

    /// Extends the lease. False if the lock is somebody else's by now.
    pub(crate) async fn renew(&self, store: &Arc<dyn JobStore>) -> Result<bool, StoreError> {
        Ok(matches!(store.lock(&self.request).await?, Lock::Taken { .. }))
    }

    /// Gives the lock up. If that fails, or takes longer than `patience`, its lease ends it.
    pub(crate) async fn give_up(&self, store: &Arc<dyn JobStore>, patience: Duration) {
        let request = LockRequest { lease: Duration::ZERO, ..self.request.clone() };
        let given = tokio::time::timeout(patience, store.lock(&request)).await;
        let problem = match given {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the job store does not answer".to_owned(),
        };
        warn!(
            section.name = %self.section,
            "The lock of section {} could not be given up, it ends with its lease: {problem}", self.section
        );
    }
}

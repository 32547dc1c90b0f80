//! Whether a worker lives: for a watchdog.

use crate::clock::{self, Instant};
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

/// Tells whether a worker's loops turn. Clones tell the same.
///
/// ```
/// # use job_core::{Attempt, BoxError, RunnableJob};
/// # use job_runner::{Place, Registry, SectionSettings, Worker};
/// # use job_store_mem::MemStore;
/// # use serde::{Deserialize, Serialize};
/// # use std::time::Duration;
/// # #[derive(Serialize, Deserialize)]
/// # struct Greet;
/// # impl RunnableJob for Greet {
/// #     const TYPE: &'static str = "greet";
/// #     type Error = BoxError;
/// #     async fn run(self, _: Attempt) -> Result<(), BoxError> { Ok(()) }
/// # }
/// # let registry = Registry::<()>::new().register::<Greet>();
/// let settings = SectionSettings::new("greetings".parse()?);
/// let worker = Worker::new(MemStore::new().opened(), registry, (), settings)?;
/// let pulse = worker.pulse();
/// // Beside the worker, several times in the watchdog's interval:
/// if pulse.is_alive(Duration::from_secs(10)) {
///     // tell the watchdog
/// }
/// # Ok::<_, BoxError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pulse(Arc<Loops>);

#[derive(Debug)]
struct Loops {
    pump: Mutex<Instant>,
    heart: Mutex<Instant>,
    stuck: AtomicBool,
}

impl Pulse {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Arc::new(Loops { pump: Mutex::new(now), heart: Mutex::new(now), stuck: AtomicBool::new(false) }))
    }

    /// Whether its loops, the one that fetches and settles and the one that renews leases, turned when they meant to, or
    /// are late by less than `within`; and whether it has a slot left that no zombie holds.
    ///
    /// A store that is away or slow is no reason to be dead: a call to it may take half a minute. Before it runs, and after
    /// it ended, it is alive for as long as `within`.
    #[must_use]
    pub fn is_alive(&self, within: Duration) -> bool {
        let in_time =
            |turns: &Mutex<Instant>| clock::instant().saturating_duration_since(*turns.lock()) < within;
        in_time(&self.0.pump) && in_time(&self.0.heart) && !self.0.stuck.load(SeqCst)
    }

    /// The pump turns again by `then`.
    pub(crate) fn pump_turns(&self, then: Instant) {
        *self.0.pump.lock() = then;
    }

    /// The heart turns again by `then`.
    pub(crate) fn heart_turns(&self, then: Instant) {
        *self.0.heart.lock() = then;
    }

    /// Whether zombies hold every slot. Gives whether that was so before.
    pub(crate) fn set_stuck(&self, stuck: bool) -> bool {
        self.0.stuck.swap(stuck, SeqCst)
    }
}

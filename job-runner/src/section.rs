//! The settings of a section: which types are run, and how.

use crate::BuildError;
use job_core::{NameError, QueueName, SectionName, TypeName};
use std::{collections::BTreeMap, num::NonZeroU32, path::PathBuf, time::Duration};

/// The longest time that a setting may be. Later than it no date can be told, and sooner nobody waits.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// How the jobs of a section are run.
///
/// ```
/// use job_runner::SectionSettings;
/// use std::num::NonZeroU32;
///
/// let section = SectionSettings {
///     concurrency: NonZeroU32::new(4).unwrap(),
///     ..SectionSettings::new("code-review".parse()?)
/// };
/// assert_eq!(section.crash_limit, 5);
/// # Ok::<_, job_core::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SectionSettings {
    /// Its name, which its lock and the records of its runs bear.
    pub name: SectionName,
    /// The types it runs; all that are registered, if none is named.
    pub types: Vec<TypeName>,
    /// Queues it looks into beside the queues and slow queues of its types: those that a call of `create` chose.
    pub queues: Vec<QueueName>,
    /// The most handlers at a time.
    pub concurrency: NonZeroU32,
    /// The most handlers at a time for jobs that were claimed from one queue, where that is less than `concurrency`.
    pub queue_limits: BTreeMap<QueueName, NonZeroU32>,
    /// How many threads handlers share; by default as many as there are handlers at a time, so that one that blocks or
    /// spins holds up no other. Fewer are enough, and cost less, where handlers only await; but as many that block at a
    /// time hold up all others until their time is up. Threads are started when they are needed, a few more than these
    /// for timers and in the stead of those that zombies hold.
    pub threads: Option<NonZeroU32>,
    /// How many jobs a worker claims beyond its free slots, so that a slot that falls free is filled at once; as many
    /// as there are slots, by default. A script claims none.
    pub prefetch: Option<u32>,
    /// How often a worker looks for work that nobody woke it for. Where the store wakes workers, queues in which nothing
    /// has happened lately take turns, one a poll, so that idling costs the same however many they are.
    pub poll: Duration,
    /// How often a worker looks for jobs of runners that were not heard of again.
    pub scan: Duration,
    /// The most slots that are filled again although a handler that ran out of time still holds them; as many as there
    /// are slots, by default.
    pub zombie_limit: Option<u32>,
    /// The most jobs that a script starts; the rest is left to the next run. A worker has no such limit.
    pub limit: Option<u64>,
    /// How long a job, and the section itself, belongs to a runner that is not heard of.
    pub lease: Duration,
    /// How often leases are renewed; at most half of a lease.
    pub beat: Duration,
    /// How long running handlers may go on once the runner was told to stop.
    pub grace: Duration,
    /// Whether a job's row is deleted by its own completion. A key that must outlive it keeps it.
    pub delete_completed: bool,
    /// How many lapsed leases a job survives.
    pub crash_limit: u32,
    /// What happens while the store cannot be reached and leases run out.
    pub lease_doubt: LeaseDoubt,
    /// Whether a script waits for another one of this section, instead of giving up at once.
    pub wait_for_lock: bool,
    /// The folder that error reports are written to, one file each; if none is named, they are logged.
    pub report_dir: Option<PathBuf>,
    /// How long final jobs are kept; for ever by default. A worker looks for older ones every minute, a script when it has
    /// run what was due. Types that hold a key for a period are checked against it.
    pub retention: Option<Duration>,
}

/// What happens to running attempts when their leases could not be renewed in time.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LeaseDoubt {
    /// Their tokens fire: another runner may have taken the jobs. The default.
    #[default]
    Stop,
    /// They go on for as long as the store cannot be reached; their tokens fire only when it says that they lost
    /// their jobs. For handlers that are dear to start again, and safe to overlap.
    CarryOn,
}

impl SectionSettings {
    /// A section that runs every registered type, one job at a time: lease 30 s, beat 10 s, poll 1 s, scan 5 s,
    /// grace 30 s, crash limit 5, completed jobs kept, reports logged.
    #[must_use]
    pub fn new(name: SectionName) -> Self {
        Self {
            name,
            types: Vec::new(),
            queues: Vec::new(),
            concurrency: NonZeroU32::MIN,
            queue_limits: BTreeMap::new(),
            threads: None,
            prefetch: None,
            poll: Duration::from_secs(1),
            scan: Duration::from_secs(5),
            zombie_limit: None,
            limit: None,
            lease: Duration::from_secs(30),
            beat: Duration::from_secs(10),
            grace: Duration::from_secs(30),
            delete_completed: false,
            crash_limit: 5,
            lease_doubt: LeaseDoubt::Stop,
            wait_for_lock: false,
            report_dir: None,
            retention: None,
        }
    }

    /// A section for tests, of every registered type.
    pub(crate) fn in_test(concurrency: NonZeroU32) -> Result<Self, NameError> {
        Ok(Self { concurrency, ..Self::new(SectionName::new("test")?) })
    }

    /// Whether its times fit together, and are some that clocks can count to.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let retention = self.retention.unwrap_or_default();
        let times = [
            ("poll", self.poll),
            ("scan", self.scan),
            ("lease", self.lease),
            ("beat", self.beat),
            ("grace", self.grace),
            ("retention", retention),
        ];
        if let Some((setting, _)) = times.into_iter().find(|it| it.1 > LONGEST) {
            return Err(BuildError::TooLong { setting });
        }
        for (setting, pause) in [("poll", self.poll), ("scan", self.scan)] {
            if pause.is_zero() {
                return Err(BuildError::NoPause { setting });
            }
        }
        if self.beat.is_zero() || self.beat > self.lease / 2 {
            return Err(BuildError::Beat { lease: self.lease, beat: self.beat });
        }
        Ok(())
    }
}

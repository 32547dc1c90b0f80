//! What is done.

/// What is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Workload {
    /// Jobs are created.
    Enqueue,
    /// Jobs are claimed and completed by the store alone.
    StoreDrain,
    /// Jobs are run by a script, its start included.
    Drain,
    /// Jobs are claimed among others, and only that is timed.
    Claim,
    /// A job is created, and an idle worker or bare runner elsewhere starts it.
    Latency,
    /// A worker has nothing to do.
    Idle,
}

impl Workload {
    /// Every workload.
    pub const ALL: [Self; 6] =
        [Self::Enqueue, Self::StoreDrain, Self::Drain, Self::Claim, Self::Latency, Self::Idle];

    /// Its name in the figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enqueue => "enqueue",
            Self::StoreDrain => "store-drain",
            Self::Drain => "drain",
            Self::Claim => "claim",
            Self::Latency => "latency",
            Self::Idle => "idle",
        }
    }
}

//! What is done.

use super::unit::Unit;

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
    /// A job is created, and an idle runner elsewhere starts it.
    Latency,
}

impl Workload {
    /// Every workload.
    pub const ALL: [Self; 5] = [Self::Enqueue, Self::StoreDrain, Self::Drain, Self::Claim, Self::Latency];

    /// Its name in the figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enqueue => "enqueue",
            Self::StoreDrain => "store-drain",
            Self::Drain => "drain",
            Self::Claim => "claim",
            Self::Latency => "latency",
        }
    }

    /// What its figures are.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Enqueue | Self::StoreDrain | Self::Drain => Unit::Rate,
            Self::Claim | Self::Latency => Unit::Time,
        }
    }
}

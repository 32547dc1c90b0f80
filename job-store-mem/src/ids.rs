//! Where new ids come from: clock and randomness, or a seed.

use job_core::JobId;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// The first millisecond of 2026: where seeded ids begin, each a millisecond after the one before.
const SEEDED_FROM_MS: u64 = 1_767_225_600_000;

/// Makes ids that grow, across threads and within one millisecond.
#[derive(Debug, Default)]
pub(crate) enum Ids {
    /// From the process's clock and randomness.
    #[default]
    Random,
    /// The same in every run.
    Seeded {
        /// What they differ by from another store's.
        seed: u64,
        /// How many were made.
        made: AtomicU64,
    },
}

impl Ids {
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self::Seeded { seed, made: AtomicU64::new(0) }
    }

    pub(crate) fn mint(&self) -> JobId {
        match self {
            Self::Random => JobId::from_uuid(Uuid::now_v7()),
            Self::Seeded { seed, made } => {
                let number = made.fetch_add(1, Ordering::Relaxed);
                let mut rest = [0; 10];
                rest[..8].copy_from_slice(&mix(seed ^ mix(number)).to_be_bytes());
                JobId::v7(SEEDED_FROM_MS + number, rest)
            }
        }
    }
}

/// `SplitMix64`: spreads a number over all 64 bits.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

//! The contract of a job store, and what tests of jobs are made with.

#![doc = include_str!("../README.md")]

pub mod contract;
pub mod factory;
pub mod faulty;
pub mod model;
pub mod proxy;

mod assert_enqueued;
mod calls;
mod clock;
mod driven;
mod enqueued;
mod fixture;
mod over_stores;
mod property;
mod race;
mod recorder;

pub use clock::ManualClock;
pub use enqueued::{Enqueued, Unmet};
pub use fixture::Fixture;
#[doc(hidden)]
pub use over_stores::over_store;
pub use race::{dropped_after, race};
pub use recorder::{Failing, Record, Recorded, Recorder};
/// Makes a [`Value`](serde_json::Value): part of a job's args, for [`Enqueued::args`].
pub use serde_json::json;

//! The contract of a job store, as tests that any store can run, and what tests of jobs are made with.
//!
//! A store of your own runs the contract by one line in `tests/contract.rs`:
//!
//! ```ignore
//! job_testing::store_contract!(async || Opened::new("mine", Arc::new(MyStore::open_empty().await)));
//! ```

pub mod contract;
pub mod factory;
pub mod faulty;
pub mod model;

mod calls;
mod clock;
mod fixture;
mod property;
mod race;
mod recorder;

pub use clock::ManualClock;
pub use fixture::Fixture;
pub use race::{dropped_after, race};
pub use recorder::{Failing, Record, Recorded, Recorder};

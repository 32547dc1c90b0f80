//! The contract of a job store, as tests that any store can run, and what tests of jobs are made with.
//!
//! # Run the contract
//!
//! The `tests/contract.rs` of a store is one line, and `job-testing` a dev-dependency. The closure opens a new and
//! empty store; each clause of [`contract`] becomes a test of its own name, and one more compares the store with the
//! [`model`]:
//!
//! ```
//! job_testing::store_contract!(async || job_store_mem::MemStore::new().opened());
//! # fn main() {}
//! ```
//!
//! A store that can be opened twice on the same data says how, and races run across its handles:
//!
//! ```
//! # use job_store_mem::MemStore;
//! # use job_testing::Fixture;
//! job_testing::store_contract!(async || {
//!     let store = MemStore::new();
//!     let fixture = Fixture::new(store.opened());
//!     fixture.reopened_by(move || std::future::ready(store.opened()))
//! });
//! # fn main() {}
//! ```
//!
//! What a store stands on, such as a temporary folder, a fixture [keeps](Fixture::keeping) as long as a clause runs.
//!
//! # Test jobs
//!
//! [`assert_enqueued!`] and [`refute_enqueued!`] say which jobs wait, on any store, and what waits instead;
//! [`over_stores!`] makes a test of each store.
//!
//! [`factory`] makes valid jobs, claims and changes that a test overrides by struct update, [`ManualClock`] and
//! [`race`](race()) stand where others sleep, and a [`Recorder`] sees what ran. A [`proxy`] in front of PostgreSQL cuts
//! connections around a commit. [`model`] and [`faulty`] test the contract itself: a naive store to compare with, and
//! stores with one bug each that a clause must catch.

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

//! The job store in memory.

#![doc = include_str!("../README.md")]

mod claim;
mod complete;
mod deletion;
mod ids;
mod jobs;
mod locks;
mod notes;
mod open;
mod query;
mod store;
mod switches;
mod tables;
mod waiting;
mod wake;

pub use complete::{CompleteError, complete};
pub use open::Opener;
pub use store::MemStore;

/// The scheme of memory stores: what a [`Completion`](job_core::Completion) is checked against.
pub const SCHEME: &str = "memory";

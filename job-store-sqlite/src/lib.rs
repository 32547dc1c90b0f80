//! The embedded durable job store: SQLite through Diesel.

#![doc = include_str!("../README.md")]

mod admin;
mod advice;
mod batch;
mod call;
mod change;
mod claim;
mod complete;
mod condition;
mod connection;
mod delete;
mod enqueue;
mod error;
mod fields;
mod ids;
mod insert;
mod jobs;
mod lease;
mod list;
mod lock;
mod migrate;
mod notes;
mod open;
#[cfg(test)]
mod plans;
mod readers;
mod row;
mod savepoint;
mod statement;
mod store;
mod switches;
mod wake;
mod watch;
mod writer;

pub use complete::{CompleteError, complete_in, complete_on};
pub use connection::prepare;
pub use enqueue::{AcquiredId, EnqueueError, EnqueueOn, delete_on};
pub use migrate::migrate;
pub use open::{Builder, Opener};
pub use store::SqliteStore;

/// The scheme of SQLite stores: what a [`Completion`](job_core::Completion) is checked against.
pub const SCHEME: &str = "sqlite";

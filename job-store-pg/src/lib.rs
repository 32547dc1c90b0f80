//! The job store for deployments: PostgreSQL through Diesel.

#![doc = include_str!("../README.md")]

mod call;
mod callers;
mod change;
mod claim;
mod clock;
mod connection;
mod delete;
mod error;
mod insert;
mod lease;
mod list;
mod lock;
mod notes;
mod statement;
mod store;
mod switches;
mod tables;
mod wake;

pub use callers::complete::{CompleteError, Work, complete_in, complete_on, hold_on};
pub use callers::enqueue::{AcquiredId, EnqueueError, EnqueueOn};
pub use callers::jobs::{Jobs, delete_on};
pub use callers::sync;
pub use connection::open::Opener;
pub use connection::options::{PgOptions, UrlError};
pub use statement::schema::SchemaError;
pub use store::PgStore;

/// The scheme of the store: what its URLs begin with, and what a completion is checked against.
const SCHEME: &str = "postgres";

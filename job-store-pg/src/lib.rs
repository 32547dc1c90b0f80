//! The job store for deployments: PostgreSQL through Diesel.

#![doc = include_str!("../README.md")]

mod admin;
mod advice;
mod apply;
mod bells;
mod bind;
mod bulk;
mod call;
mod change;
mod channel;
mod claim;
mod clock;
mod complete;
mod condition;
mod delete;
mod desk;
mod drafts;
mod enqueue;
mod error;
mod exchange;
mod fields;
mod floor;
mod form;
mod group;
mod insert;
mod jobs;
mod lease;
mod list;
mod listen;
mod lock;
mod look;
mod migrate;
mod names;
mod new_rows;
mod notes;
mod open;
mod options;
mod patience;
mod pool;
mod pooler;
mod prune;
mod ring;
mod roles;
mod row;
mod schema;
mod server;
mod session;
mod silence;
mod statement;
mod store;
mod switches;
pub mod sync;
mod texts;
mod tls;

pub use complete::{CompleteError, Work, complete_in, complete_on, hold_on};
pub use enqueue::{AcquiredId, EnqueueError, EnqueueOn};
pub use jobs::{Jobs, delete_on};
pub use open::Opener;
pub use options::{PgOptions, UrlError};
pub use schema::SchemaError;
pub use store::PgStore;

/// The scheme of the store: what its URLs begin with, and what a completion is checked against.
const SCHEME: &str = "postgres";

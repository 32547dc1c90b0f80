//! The job store for deployments: PostgreSQL through Diesel.

mod apply;
mod bind;
mod call;
mod change;
mod claim;
mod clock;
mod condition;
mod delete;
mod error;
mod fields;
mod insert;
mod lease;
mod list;
mod lock;
mod migrate;
mod notes;
mod options;
mod pool;
mod row;
mod schema;
mod session;
mod statement;
mod store;
mod switches;
mod texts;

pub use options::{PgOptions, UrlError};
pub use schema::SchemaError;
pub use store::PgStore;

/// The scheme of the store: what its URLs begin with, and what a completion is checked against.
const SCHEME: &str = "postgres";

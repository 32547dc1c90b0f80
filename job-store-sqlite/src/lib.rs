//! job-store-sqlite.

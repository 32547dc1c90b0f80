//! job-store-pg.

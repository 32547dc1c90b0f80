//! job-store-mem.

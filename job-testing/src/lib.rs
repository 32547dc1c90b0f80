//! job-testing.

//! job-runner.

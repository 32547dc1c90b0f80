//! job-lab.

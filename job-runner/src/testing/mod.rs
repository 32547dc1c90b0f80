//! The runner inside a test: everything that is due, or one attempt at one job.

pub(crate) mod agenda;
pub(crate) mod drain;
pub(crate) mod drain_error;
pub(crate) mod failures;
pub(crate) mod ground;
pub(crate) mod listener;
pub(crate) mod perform;
pub(crate) mod perform_error;
pub(crate) mod performed;
pub(crate) mod set_aside;

//! The laboratory: measurements of the stores and the runner, each beside its raw ceiling. Never published.

pub mod bench;

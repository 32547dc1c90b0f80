//! The example's tests: on real repositories, on the real SQLite file, and as real processes.

#![expect(clippy::unwrap_used, reason = "a test that fails on a surprise is a good test")]

mod comparing;
mod demo;
mod heat;
mod interrupted;
mod jobs;
mod process;
mod proposing;
mod reading;
mod sandbox;
mod showing;

//! The example's tests: on real repositories, on a real SQLite file and a real PostgreSQL server, and as real processes.

#![expect(clippy::unwrap_used, reason = "a test that fails on a surprise is a good test")]

mod comparing;
mod connections;
mod database;
mod deleting;
mod demo;
mod heat;
mod interrupted;
mod jobs;
mod process;
mod proposing;
mod reading;
mod sandbox;
mod serving;
mod showing;

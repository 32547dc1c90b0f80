//! Merge proposals of a git repository, their diffs and their heat: Launchpad's own case, on the job system.
//!
//! Read it in this order:
//!
//! 1. [`proposals`]: rows of the application, and how their jobs are recorded in the same transaction.
//! 2. [`GenerateDiff`]: a job whose result, follow-up and completion are committed together.
//! 3. [`ProposalHeat`]: a job that may run twice, and does not mind.
//! 4. [`Demo`]: makes proposals, runs the script until their jobs are done, and shows the result.
//! 5. [`Serve`]: an axum server; a request makes a proposal and its job in one transaction of the application's pool.
//!
//! It runs on SQLite and on PostgreSQL, with the same queries: [`Connection`] is all that knows of both.
//!
//! All jobs of a proposal share a turn, so at most one of them runs at a time, whatever its type: Launchpad's rule
//! for merge proposals, without its advisory locks.
//!
//! `main.rs` puts the two types on the runner's command line.

mod api;
mod complaint;
mod connection;
mod database;
mod demo;
mod diff;
mod error;
mod generate_diff;
mod job_ref;
mod missing;
mod place;
mod progress;
mod proposal_heat;
pub mod proposal_jobs;
pub mod proposals;
pub mod repository;
mod rounds;
mod schema;
mod serve;
mod show;
mod signal;

pub use connection::{Connection, PgConnection};
pub use database::Database;
pub use demo::Demo;
pub use diff::{Diff, PATCH_MAX};
pub use error::Error;
pub use generate_diff::GenerateDiff;
pub use proposal_heat::{HALF_LIFE, ProposalHeat, heat};
pub use proposals::{DiffSize, NewProposal, Proposal, Proposed};
pub use serve::Serve;
pub use show::Table;

/// What the README says is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}

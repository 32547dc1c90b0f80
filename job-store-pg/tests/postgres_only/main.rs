//! What only PostgreSQL can promise, a module for each promise.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails on a surprise is a good test, and so are its helpers"
)]

#[cfg(unix)]
mod bouncer;
mod bulks;
mod callers;
mod claims;
mod completion;
mod counts;
mod dropped;
#[cfg(feature = "tls")]
mod encrypted;
mod floors;
mod group;
mod interleavings;
mod isolation;
mod jobs;
mod libpq;
mod migrations;
mod notes;
mod opener;
mod outages;
mod plans;
#[cfg(unix)]
mod pooler;
mod pruning;
mod references;
mod resent;
mod roles;
mod scattered;
#[path = "../server/mod.rs"]
mod server;
mod silence;
mod starving;
mod synchronous;
mod unreadable;
mod waits;
mod wakes;

/// Runs a test on a runtime of its own.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be started").block_on(test);
}

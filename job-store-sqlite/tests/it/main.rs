//! What is SQLite's own: files, processes, the application's transactions, and what an operator meets.

#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

mod batch;
mod child;
mod completion;
mod constraints;
mod durability;
mod enqueue;
mod existing;
mod file;
mod findings;
mod foreign_key;
mod group_commit;
mod later;
mod looking;
mod migration;
mod processes;
mod refusal;
mod runs;
mod threads;
mod unreadable;
mod wake;

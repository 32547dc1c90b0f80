//! What only shows when all parts work together: the bench, and jobs from end to end over every store.

#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

mod bed;
mod bench;
mod chaos;
mod committed;
mod end_to_end;
mod errand;
mod inline;
mod ledger;
mod postgres;
mod roles;
mod same_rows;
mod schema;
mod standstill;
mod workers;

//! The reference model: one list of jobs and linear scans, and the property that a store answers as it does.
//!
//! A generated history is a list of [`Op`]s, plain data that shrinks well. Actors *look*, which reads all jobs into a
//! hand, and later *act* on what the hand holds, however old it has become: so lost races, late writes and rescues
//! beside renewals come up by themselves. [`agree()`] sends each op to the store and to the [`Model`], and compares the
//! answers, then all jobs, lapsed leases, notes and switches.

mod agree;
mod calls;
mod deed;
mod history;
mod lookup;
mod notes;
mod op;
mod pool;
mod property;
mod strategy;
mod table;

pub use agree::agree;
pub use deed::Deed;
pub use op::{ClaimPlan, FilterPlan, Insertion, NotePlan, Op, Prune};
pub use property::{Property, agrees_with_the_reference_model};
pub use strategy::ops;
pub use table::Model;

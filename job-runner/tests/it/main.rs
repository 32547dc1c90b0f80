//! What a runner promises, a module per promise, on the store in memory.

mod lines;
mod play;
mod stage;
mod unsteady;

mod asks;
mod decoding;
mod due_by;
mod leases;
mod panics;
mod rescue;
mod section_lock;
mod settle_table;
mod time_outs;

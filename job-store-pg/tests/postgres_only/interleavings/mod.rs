//! Pairs of operations on the same rows: what comes of them together is what comes of the two one after the other, in one
//! of the two orders.

mod gate;
mod held;
mod open;
mod split;
mod stage;

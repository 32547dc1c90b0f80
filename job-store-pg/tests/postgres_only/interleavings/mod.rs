//! Pairs of operations on the same rows: what comes of them together is what comes of the two one after the other, in one
//! of the two orders. Of an operation that is several, as a batch is, each part stands for itself.

mod gate;
mod held;
mod mine;
mod model;
mod open;
mod operation;
mod split;
mod stage;
mod turns;

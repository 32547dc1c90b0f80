//! What only the memory store promises.

mod complete;
mod ids_and_time;
mod open;
mod wake;

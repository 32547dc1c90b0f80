//! A store written from `docs/writing-a-store.md` alone: a list under a lock, with linear scans.

mod clock;
mod contract;
mod notes;
mod page;
mod store;
mod switches;
mod table;

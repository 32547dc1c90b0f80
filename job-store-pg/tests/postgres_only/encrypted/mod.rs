//! TLS, against a server that speaks it.

mod direct;
mod modes;
mod server;
mod store;

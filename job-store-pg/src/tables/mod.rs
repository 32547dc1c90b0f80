//! The tables: made, looked after, and who may do what with them.

pub(crate) mod admin;
pub(crate) mod migrate;
pub(crate) mod roles;

//! Being told of work, and telling.

pub(crate) mod bells;
pub(crate) mod channel;
pub(crate) mod listen;
pub(crate) mod ring;

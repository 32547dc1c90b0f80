//! An attempt, from the claim that started its job to the verdict on its end.

pub(crate) mod aftermath;
pub(crate) mod attempts;
pub(crate) mod call;
pub(crate) mod ending;
pub(crate) mod executor;
pub(crate) mod handlers;
pub(crate) mod judge;
pub(crate) mod logbook;
pub(crate) mod panic;
pub(crate) mod running;
pub(crate) mod said;
pub(crate) mod seats;
pub(crate) mod surviving;
pub(crate) mod watch;

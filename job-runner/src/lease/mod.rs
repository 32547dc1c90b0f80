//! What keeps jobs and a section with the runner that has them, and frees those of runners that died.

pub(crate) mod heart;
pub(crate) mod heart_thread;
pub(crate) mod rescuer;
pub(crate) mod section_lock;

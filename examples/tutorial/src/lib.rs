//! What docs/tutorial.md builds: foos, and a job type that does them.
//!
//! The tutorial quotes these files; a test holds it to them.

#![expect(clippy::disallowed_names, reason = "in this story a foo is a thing, not a placeholder")]

mod do_foo;
mod foos;

pub use do_foo::DoFoo;
pub use foos::Foos;

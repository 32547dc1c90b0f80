//! The tutorial's tests, over every store; and the tutorial itself, held to what it quotes and shows.

#![expect(clippy::disallowed_names, reason = "in this story a foo is a thing, not a placeholder")]
#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

mod do_foo;
mod page;
mod program;
#[path = "../../../../job-lab/tests/it/schema.rs"]
mod schema;
mod stores;

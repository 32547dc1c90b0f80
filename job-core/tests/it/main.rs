//! The promises of the core, one module each.

#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

mod diagram;
mod error_text;
mod fixtures;
mod json;
mod keys;
mod names;
mod retry;
mod settle;
mod transitions;
mod typed;

/// Only what the compiler refuses: it need not generate code for that, neither for these nor for what they depend on.
#[test]
fn mistakes_in_job_types_are_refused_in_words_that_help() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

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

#[test]
fn a_wrong_job_type_gives_a_readable_message() {
    let ui = trybuild::TestCases::new();
    ui.pass("tests/ui/smallest.rs");
    ui.compile_fail("tests/ui/wrong_run.rs");
    ui.compile_fail("tests/ui/not_a_job.rs");
    ui.compile_fail("tests/ui/forgotten_proof.rs");
    ui.compile_fail("tests/ui/completion_twice.rs");
}

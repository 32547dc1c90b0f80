//! What the compiler refuses, and what it says then.

#[test]
fn mistakes_in_job_types_are_refused_in_words_that_help() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

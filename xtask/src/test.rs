//! `cargo xtask test`: every test of the workspace, by cargo-nextest where it is installed.

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

use crate::cargo::{cargo, exit_code, has};

/// Runs the tests and answers with the exit code of the first runner that failed.
pub(crate) fn run(args: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    for call in calls(has("nextest"), args) {
        let code = exit_code(cargo().args(call))?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What cargo is called with, one call after the other.
///
/// The doc tests, which nextest cannot run, come first, so that the summary that counts stands last. Arguments choose
/// tests by the runner's own rules, which those of doc tests differ from, so they go to the runner alone.
fn calls(nextest: bool, args: &[OsString]) -> Vec<Vec<OsString>> {
    let mut calls = Vec::new();
    if nextest && args.is_empty() {
        calls.push(words("test --locked --workspace --doc"));
    }
    let mut tests = words(if nextest { "nextest run --locked" } else { "test --locked" });
    if !names_packages(args) {
        tests.extend(words("--workspace"));
    }
    tests.extend_from_slice(args);
    calls.push(tests);
    calls
}

/// Whether the arguments say which packages to test; `--workspace` would overrule them.
fn names_packages(args: &[OsString]) -> bool {
    args.iter().map(|arg| arg.to_string_lossy()).take_while(|arg| arg != "--").any(|arg| {
        arg == "--package"
            || arg.starts_with("--package=")
            || arg.starts_with("-p")
            || arg == "--manifest-path"
    })
}

fn words(text: &str) -> Vec<OsString> {
    text.split(' ').map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn lines(nextest: bool, args: &str) -> Vec<String> {
        let args = if args.is_empty() { Vec::new() } else { words(args) };
        calls(nextest, &args)
            .iter()
            .map(|call| call.join(OsStr::new(" ")).to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn without_nextest_one_call_runs_all_tests() {
        assert_eq!(lines(false, ""), ["test --locked --workspace"]);
    }

    #[test]
    fn with_nextest_the_doc_tests_are_not_forgotten() {
        assert_eq!(lines(true, ""), ["test --locked --workspace --doc", "nextest run --locked --workspace"]);
    }

    #[test]
    fn arguments_reach_the_runner_in_their_order() {
        assert_eq!(lines(true, "racing -- --exact"), ["nextest run --locked --workspace racing -- --exact"]);
        assert_eq!(lines(false, "racing"), ["test --locked --workspace racing"]);
    }

    #[test]
    fn a_named_package_is_tested_alone() {
        assert_eq!(lines(true, "-p job-core"), ["nextest run --locked -p job-core"]);
        assert_eq!(lines(true, "-- -p"), ["nextest run --locked --workspace -- -p"]);
    }
}

//! `cargo xtask test`: every test of the workspace, by cargo-nextest where it is installed.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

use crate::cargo::{cargo, exit_code, has};
use crate::postgres::{HOW_TO_INSTALL, Servers};

/// Runs the tests and answers with the exit code of the first runner that failed.
///
/// The tests of PostgreSQL run on the server that `DATABASE_URL` names, else on a throw-away cluster; those that kill
/// their server have a second one and those of TLS a third, always of ours. On a machine without a server they do not
/// run, which the last line says.
///
/// # Errors
///
/// If there is no server for them and one is required, by `--require postgres` or in CI; if there is one that does not
/// start.
pub(crate) fn run(args: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let wishes = Wishes::take(args)?;
    let required = wishes.postgres || env::var_os("CI").is_some_and(|ci| ci == "true");
    let servers = Servers::start()?;
    if servers.are_missing() && required {
        return Err(format!("the tests of PostgreSQL are required here: {HOW_TO_INSTALL}").into());
    }
    let code = run_calls(&wishes, &servers)?;
    if let Some(left_out) = servers.left_out() {
        eprintln!("xtask: {left_out}");
    }
    Ok(code)
}

fn run_calls(wishes: &Wishes, servers: &Servers) -> Result<ExitCode, Box<dyn Error>> {
    for call in calls(has("nextest"), &wishes.rest) {
        let mut cargo = cargo();
        cargo.args(call);
        servers.tell(&mut cargo);
        if wishes.thorough {
            cargo.env("THOROUGH", "1");
        }
        let code = exit_code(&mut cargo)?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What the arguments say that is not the runner's business.
#[derive(Debug, Default, PartialEq)]
struct Wishes {
    /// `--require postgres`: a missing server is an error.
    postgres: bool,
    /// `--thorough`: tests that repeat themselves do it often.
    thorough: bool,
    /// What is.
    rest: Vec<OsString>,
}

impl Wishes {
    fn take(args: &[OsString]) -> Result<Self, Box<dyn Error>> {
        let mut wishes = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.to_str() {
                Some("--") => wishes.rest.extend([arg.clone()].into_iter().chain(args.by_ref().cloned())),
                Some("--thorough") => wishes.thorough = true,
                Some("--require") => match args.next() {
                    Some(what) if what == "postgres" => wishes.postgres = true,
                    _ => return Err("what can be required is `--require postgres`".into()),
                },
                _ => wishes.rest.push(arg.clone()),
            }
        }
        Ok(wishes)
    }
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

    #[test]
    fn what_is_wished_here_is_not_the_runners_business() {
        let wishes = Wishes::take(&words("racing --require postgres --thorough -- --exact")).unwrap();
        let rest = words("racing -- --exact");
        assert_eq!(wishes, Wishes { postgres: true, thorough: true, rest });
        let rest = words("-- --require postgres --thorough");
        assert_eq!(Wishes::take(&rest).unwrap(), Wishes { rest, ..Wishes::default() });
        assert!(Wishes::take(&words("--require coffee")).is_err());
        assert!(Wishes::take(&words("--require")).is_err());
    }
}

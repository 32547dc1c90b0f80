//! `cargo xtask test`: every test of the workspace, by cargo-nextest where it is installed.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

use crate::cargo::{cargo, exit_code, has};
use crate::postgres::{HOW_TO_INSTALL, ThrowAway};

/// Runs the tests and answers with the exit code of the first runner that failed.
///
/// The tests of PostgreSQL run on the server that `DATABASE_URL` names, else on a throw-away cluster. On a machine
/// without a server they do not run, which the last line says.
///
/// # Errors
///
/// If there is no server for them and one is required, by `--require postgres` or in CI; if there is one that does not
/// start.
pub(crate) fn run(args: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let (required, args) = take_requirement(args)?;
    let required = required || env::var_os("CI").is_some_and(|ci| ci == "true");
    let named = env::var_os("DATABASE_URL").is_some_and(|url| !url.is_empty());
    let cluster = if named { None } else { start()? };
    let missing = !named && cluster.is_none();
    if missing && required {
        return Err(format!("the tests of PostgreSQL are required here: {HOW_TO_INSTALL}").into());
    }
    let code = run_calls(&args, cluster.as_ref(), missing)?;
    drop(cluster);
    if missing {
        eprintln!("xtask: the tests of PostgreSQL were not run; {HOW_TO_INSTALL}");
    }
    Ok(code)
}

fn start() -> Result<Option<ThrowAway>, Box<dyn Error>> {
    ThrowAway::start().map_err(|error| format!("no cluster for the tests of PostgreSQL: {error}").into())
}

fn run_calls(
    args: &[OsString],
    cluster: Option<&ThrowAway>,
    missing: bool,
) -> Result<ExitCode, Box<dyn Error>> {
    for call in calls(has("nextest"), args) {
        let mut cargo = cargo();
        cargo.args(call);
        if let Some(cluster) = cluster {
            cargo.env("DATABASE_URL", cluster.url()).env("REQUIRE_POSTGRES", "1");
        }
        if missing {
            cargo.env_remove("DATABASE_URL"); // an empty one names no server
        }
        let code = exit_code(&mut cargo)?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the arguments require a server, and those that are left for the runner.
fn take_requirement(args: &[OsString]) -> Result<(bool, Vec<OsString>), Box<dyn Error>> {
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let Some(at) = args[..end].iter().position(|arg| arg == "--require") else {
        return Ok((false, args.to_vec()));
    };
    match args[..end].get(at + 1) {
        Some(what) if what == "postgres" => Ok((true, [&args[..at], &args[at + 2..]].concat())),
        _ => Err("what can be required is `--require postgres`".into()),
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
    fn a_requirement_is_not_the_runners_business() {
        let (required, rest) = take_requirement(&words("racing --require postgres -- --exact")).unwrap();
        assert!(required);
        assert_eq!(rest, words("racing -- --exact"));
        let untouched = words("-- --require postgres");
        assert_eq!(take_requirement(&untouched).unwrap(), (false, untouched));
        assert!(take_requirement(&words("--require coffee")).is_err());
    }
}

//! `cargo xtask ci`: all that a change must pass, cheapest first, up to the first step that fails.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use crate::cargo::{cargo, exit_code, has};
use crate::{test, tidy};

/// Runs the steps.
///
/// # Errors
///
/// Names the step that failed; what it found has been printed by then.
pub(crate) fn run() -> Result<ExitCode, Box<dyn Error>> {
    let begin = Instant::now();
    step("tidy", tidy::run)?;
    step("fmt", || call("fmt --all --check"))?;
    step("clippy", || call("clippy --locked --workspace --all-targets -- -D warnings"))?;
    step("doc", doc)?;
    if has("deny") {
        step("deny", || call("deny --locked check bans licenses sources"))?;
    } else {
        eprintln!("ci: deny is left out, because cargo-deny is not installed");
    }
    step("test", || test::run(&[]))?;
    eprintln!("ci: passed in {:.1} s", begin.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

fn step(name: &str, run: impl FnOnce() -> Result<ExitCode, Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    eprintln!("ci: {name}");
    let begin = Instant::now();
    let outcome = run();
    eprintln!("ci: {name} took {:.1} s", begin.elapsed().as_secs_f64());
    match outcome {
        Ok(ExitCode::SUCCESS) => Ok(()),
        Ok(_) => Err(format!("ci stopped at {name}; what it found stands above").into()),
        Err(error) => Err(format!("ci stopped at {name}: {error}").into()),
    }
}

fn call(args: &str) -> Result<ExitCode, Box<dyn Error>> {
    Ok(exit_code(cargo().args(args.split(' ')))?)
}

fn doc() -> Result<ExitCode, Box<dyn Error>> {
    let args = ["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"];
    Ok(exit_code(cargo().args(args).env("RUSTDOCFLAGS", "-D warnings"))?)
}

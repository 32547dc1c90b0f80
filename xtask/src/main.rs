//! What one does in this workspace, as `cargo xtask COMMAND`; this file only dispatches, each command has its own.

mod bench;
mod cargo;
mod ci;
mod postgres;
mod program;
mod test;
mod tidy;

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

use crate::program::Program;

const USAGE: &str = "\
Usage: cargo xtask COMMAND [ARGS]

Work on this workspace:
  test [ARGS]          run all tests; with ARGS, hand them to the test runner (doc tests are then left out);
                       `--require postgres` fails where there is no PostgreSQL server;
                       `--thorough` repeats what looks for rare failures 50 times in place of 3, on full tables
  pg up|down|psql|url  a PostgreSQL cluster of your own for development
  tidy                 check the tree: layout, dependency arrows, clause lists, links, leftovers
  ci                   all that a change must pass: tidy, fmt, clippy, doc, deny, test

Run what it builds, here, with ARGS untouched (COMMAND --help tells more):
  run-jobs SECTION...  run the jobs that are due; with --worker, until it is stopped
  jobs                 look at jobs and operate on them
  queues, types        look at queues and job types, pause and resume them
  sections             look at sections and their runs, disable and enable them
  demo                 the example from end to end, on the repository you stand in
  serve                the example as an HTTP server, which makes proposals with their jobs
  bench                measure the stores, optimized; PostgreSQL on a throw-away server, or on DATABASE_URL's
";

const EXAMPLE: Program = Program { package: "code-review", release: false };
const LAB: Program = Program { package: "job-lab", release: true };

fn main() -> ExitCode {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    run(&args).unwrap_or_else(|error| {
        eprintln!("xtask: {error}");
        ExitCode::FAILURE
    })
}

fn run(args: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let Some((command, rest)) = args.split_first() else { return Ok(misused("name a command")) };
    match command.to_str() {
        Some("test") => test::run(rest),
        Some(alone @ ("tidy" | "ci")) if !rest.is_empty() => {
            Ok(misused(&format!("`{alone}` takes no arguments")))
        }
        Some("pg") => postgres::run(rest),
        Some("tidy") => tidy::run(),
        Some("ci") => ci::run(),
        // The program has the same command line, so it gets the command's name too.
        Some("run-jobs" | "jobs" | "queues" | "types" | "sections" | "demo" | "serve") => EXAMPLE.run(args),
        Some("bench") => bench::run(&LAB, args),
        Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => Ok(misused(&format!("there is no command `{}`", command.display()))),
    }
}

fn misused(how: &str) -> ExitCode {
    eprintln!("xtask: {how}\n\n{USAGE}");
    ExitCode::from(2)
}

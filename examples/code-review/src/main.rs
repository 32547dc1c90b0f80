//! `code-review demo` and `serve`, beside the runner's own commands for the two job types.

use clap::Parser;
use code_review::{Database, Demo, GenerateDiff, ProposalHeat, Serve};
use job_runner::command_line::{Command, CommandLine, SectionSetup};
use std::process::ExitCode;

/// Merge proposals of a git repository, their diffs and their heat.
#[derive(Debug, Parser)]
#[command(name = "code-review", version, max_term_width = 80)]
enum Cli {
    Demo(Demo),
    Serve(Serve),
    #[command(flatten)]
    Jobs(Command),
}

fn main() -> ExitCode {
    match Cli::parse() {
        Cli::Demo(demo) => demo.run(),
        Cli::Serve(serve) => serve.run(),
        Cli::Jobs(command) => {
            CommandLine::new(async |it: &SectionSetup| Ok(Database::of(&it.url)?.set_up().await?))
                .store(job_store_sqlite::Opener)
                .store(job_store_pg::Opener)
                .register_transactional::<GenerateDiff>()
                .register::<ProposalHeat>()
                .execute(command)
        }
    }
}

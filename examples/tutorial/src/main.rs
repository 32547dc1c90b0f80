//! `foos do`, beside the runner's own commands.

#![expect(clippy::disallowed_names, reason = "in this story a foo is a thing, not a placeholder")]

use clap::Parser;
use job_core::{
    Acquired, BoxError, JobSource, Text,
    store::{Opener, StoreUrl},
};
use job_runner::{
    command_line::{Command, CommandLine, SectionSetup},
    config::Config,
};
use std::process::ExitCode;
use tutorial::{DoFoo, Foos};

/// Foos, and the jobs that do them.
#[derive(Debug, Parser)]
#[command(name = "foos", max_term_width = 80)]
enum Cli {
    /// Ask for a foo to be done
    Do {
        /// Which one
        foo: u64,
    },
    #[command(flatten)]
    Jobs(Command),
}

fn main() -> ExitCode {
    match Cli::parse() {
        Cli::Do { foo } => match ask_for(foo) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("foos: {}", Text::of_error(&*error));
                ExitCode::FAILURE
            }
        },
        Cli::Jobs(command) => CommandLine::new(async |_: &SectionSetup| Ok(Foos::in_folder("foos")))
            .store(job_store_sqlite::Opener)
            .store(job_store_pg::Opener)
            .register::<DoFoo>()
            .execute(command),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn ask_for(foo: u64) -> Result<(), BoxError> {
    let url = StoreUrl::new(Config::find(None)?.store());
    let opened = match url.scheme() {
        "sqlite" => job_store_sqlite::Opener.open(&url).await?,
        _ => job_store_pg::Opener.open(&url).await?,
    };
    match JobSource::<DoFoo>::new(opened.store).acquire(&DoFoo { foo }).await? {
        Acquired::Created(_) => println!("foo {foo} is to be done"),
        Acquired::Existing(_) => println!("foo {foo} is to be done already"),
    }
    Ok(())
}

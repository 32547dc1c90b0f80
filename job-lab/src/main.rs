//! `job-lab bench`: the command line of the laboratory; `cargo xtask bench` builds it optimized and becomes it.

use clap::{Args, Parser, Subcommand};
use job_lab::bench::{self, Kind, Plan, Report, Workload};
use std::{env, io, process::ExitCode};

#[derive(Parser)]
#[command(name = "job-lab", about = "Measures the job system.")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure the stores and the runner, each beside the raw ceiling of the same moment.
    Bench(Bench),
}

#[derive(Args)]
struct Bench {
    /// Which store; every store if not given.
    #[arg(long, value_name = "STORE", value_parser = ["memory", "sqlite", "postgres", "all"], default_value = "all")]
    store: String,
    /// The PostgreSQL server to measure, in a database of the bench's own; that of the environment if not given.
    ///
    /// The environment names it in `DATABASE_URL`.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Which workload; may be given again. Every workload if not given.
    #[arg(long, value_name = "WORKLOAD", value_enum)]
    workload: Vec<Workload>,
    /// Only variants with this in their name, such as `kept`.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    variant: String,
    /// How many jobs a round of a drain has. Where each job waits for the disk alone it has a part of them; on memory,
    /// twice as many.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    jobs: u32,
    /// How many rounds; the one with the median ratio is shown.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// One JSON object a line on stdout, in place of the table.
    #[arg(long)]
    json: bool,
}

impl Bench {
    fn plan(self) -> Plan {
        let stores = Kind::ALL.into_iter().filter(|it| self.store == "all" || self.store == it.name());
        Plan {
            stores: stores.collect(),
            workloads: if self.workload.is_empty() { Workload::ALL.to_vec() } else { self.workload },
            variant: self.variant,
            jobs: self.jobs,
            rounds: self.rounds,
            report: if self.json { Report::Json } else { Report::Table },
        }
    }
}

fn main() -> ExitCode {
    let Command::Bench(bench) = CommandLine::parse().command;
    let url = bench.url.clone().or_else(|| env::var("DATABASE_URL").ok()).filter(|it| !it.is_empty());
    match bench::main(bench.plan(), url.as_deref()) {
        Ok(code) => code,
        // Whoever reads us has seen enough.
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("job-lab: {}", job_core::Text::of_error(&*error));
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref().is_some_and(|it: &io::Error| it.kind() == io::ErrorKind::BrokenPipe)
}

//! `bench`: what the system does in a second, each figure beside the raw ceiling taken just before it.

mod case;
mod ceiling;
mod ceiling_memory;
mod ceiling_notify;
mod ceiling_postgres;
mod ceiling_sqlite;
mod claims;
mod costs;
mod cpu_times;
mod crowd;
mod drain;
mod enqueue;
mod ground;
mod idle;
mod kind;
mod latency;
mod latency_worker;
mod machine;
mod measure;
mod no_op;
mod plan;
mod report;
mod scratch;
mod server;
mod store_drain;
mod targets;
mod unit;
mod working;
mod workload;

pub use case::Case;
pub use costs::Costs;
pub use ground::Ground;
pub use kind::Kind;
pub use machine::Machine;
pub use measure::{Round, Rounds, Side};
pub use plan::Plan;
pub use report::{Figure, Report};
pub use scratch::Scratch;
pub use server::Server;
pub use targets::target;
pub use unit::Unit;
pub use workload::Workload;

use job_core::BoxError;
use std::{io, process::ExitCode, sync::Arc};
use tokio::signal;

/// The code of a program that ended because of Ctrl-C.
const INTERRUPTED: u8 = 130;

const NO_SERVER: &str = "PostgreSQL is not measured: name a server with --url, or set DATABASE_URL";

/// Measures in a temporary folder and on the server that `url` names, and prints. What the bench made goes in the end,
/// also on Ctrl-C.
///
/// # Errors
///
/// If a store fails, a job is lost on the way, or stdout cannot be written; if PostgreSQL alone is to be measured and no
/// server is named.
pub fn main(mut plan: Plan, url: Option<&str>) -> Result<ExitCode, BoxError> {
    if url.is_none() && plan.stores.contains(&Kind::Postgres) {
        plan.stores.retain(|it| *it != Kind::Postgres);
        if plan.stores.is_empty() {
            return Err(NO_SERVER.into());
        }
        eprintln!("warning: {NO_SERVER}");
    }
    let scratch = Scratch::new()?;
    if let Some(advice) = scratch.advice().filter(|_| plan.stores.contains(&Kind::Sqlite)) {
        eprintln!("warning: {advice}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let server = match url.filter(|_| plan.stores.contains(&Kind::Postgres)) {
            Some(url) => Some(Server::at(url).await?),
            None => None,
        };
        let ground = Arc::new(Ground::new(scratch.path(), server));
        let measured = measure(plan, ground.clone()).await;
        ground.leave().await?;
        measured
    });
    // A drain of memory never yields, and is not waited for.
    runtime.shutdown_background();
    drop(scratch);
    ended
}

async fn measure(plan: Plan, ground: Arc<Ground>) -> Result<ExitCode, BoxError> {
    // A task of its own: a drain of memory never yields to Ctrl-C.
    let mut measuring = tokio::spawn(async move { plan.measure(&ground, &mut io::stdout()).await });
    tokio::select! {
        measured = &mut measuring => measured?.map(|()| ExitCode::SUCCESS),
        interrupted = signal::ctrl_c() => {
            measuring.abort();
            Ok(interrupted.map(|()| ExitCode::from(INTERRUPTED))?)
        }
    }
}

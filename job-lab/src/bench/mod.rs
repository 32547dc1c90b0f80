//! `bench`: what the system does in a second, each figure beside the raw ceiling taken just before it.

mod case;
mod ceiling;
mod ceiling_memory;
mod ceiling_sqlite;
mod drain;
mod enqueue;
mod kind;
mod machine;
mod measure;
mod no_op;
mod report;
mod scratch;
mod store_drain;
mod targets;

pub use case::{Case, Workload};
pub use ceiling::Ceiling;
pub use kind::{Kind, Site};
pub use machine::Machine;
pub use measure::{Round, Rounds};
pub use report::{Figure, Report};
pub use scratch::Scratch;
pub use targets::target;

use job_core::BoxError;
use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};
use tempfile::TempDir;
use tokio::signal;

use measure::rate;

/// What to measure, and how to say it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// On which stores.
    pub stores: Vec<Kind>,
    /// Which workloads.
    pub workloads: Vec<Workload>,
    /// Only variants with this in their name.
    pub variant: String,
    /// How many jobs the largest rounds have.
    pub jobs: u32,
    /// How many rounds of each case; none counts as one.
    pub rounds: u32,
    /// How to say it.
    pub report: Report,
}

/// The code of a program that ended because of Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Measures in a temporary folder, and prints. The folder goes in the end, also on Ctrl-C.
///
/// # Errors
///
/// If a store fails, a job is lost on the way, or stdout cannot be written.
pub fn main(plan: Plan) -> Result<ExitCode, BoxError> {
    let scratch = Scratch::new()?;
    if let Some(advice) = scratch.advice().filter(|_| plan.stores.contains(&Kind::Sqlite)) {
        eprintln!("warning: {advice}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = scratch.path().to_owned();
    let ended = runtime.block_on(async {
        // A task of its own: a drain of memory never yields to Ctrl-C.
        let measuring = tokio::spawn(async move { plan.measure(&folder, &mut io::stdout()).await });
        tokio::select! {
            measured = measuring => measured?.map(|()| ExitCode::SUCCESS),
            interrupted = signal::ctrl_c() => Ok(interrupted.map(|()| ExitCode::from(INTERRUPTED))?),
        }
    });
    // Nor is it waited for.
    runtime.shutdown_background();
    drop(scratch);
    ended
}

impl Plan {
    /// Measures in `folder`, and writes each figure to `out` as soon as it is there.
    ///
    /// # Errors
    ///
    /// If a store fails, a job is lost on the way, or `out` cannot be written; and if the plan is about nothing.
    pub async fn measure(&self, folder: &Path, out: &mut (dyn Write + Send)) -> Result<(), BoxError> {
        let cases: Vec<Case> = Case::ALL.into_iter().filter(|it| self.includes(it)).collect();
        if cases.is_empty() {
            return Err(self.about_nothing().into());
        }
        self.report.head(folder, out)?;
        for kind in &self.stores {
            for case in &cases {
                let jobs = case.jobs(*kind, self.jobs);
                let mut rounds = Rounds::new(round(*kind, case, jobs, folder).await?);
                for _ in 1..self.rounds {
                    rounds.add(round(*kind, case, jobs, folder).await?);
                }
                self.report.figure(&Figure { kind: *kind, case: *case, rounds }, out)?;
            }
        }
        Ok(())
    }

    fn includes(&self, case: &Case) -> bool {
        self.workloads.contains(&case.workload()) && case.variant.contains(&self.variant)
    }

    fn about_nothing(&self) -> String {
        let workloads = Case::ALL.iter().filter(|it| self.workloads.contains(&it.workload()));
        let variants: Vec<&str> = workloads.map(|it| it.variant).collect();
        format!("no variant has `{}` in its name; there are {}", self.variant, variants.join(", "))
    }
}

/// Each side in an empty folder of its own.
async fn round(kind: Kind, case: &Case, jobs: u32, folder: &Path) -> Result<Round, BoxError> {
    let ceiling = {
        let folder = TempDir::new_in(folder)?;
        case.ceiling(kind, folder.path(), jobs)?
    };
    let folder = TempDir::new_in(folder)?;
    let candidate = case.candidate(&kind.site(folder.path()), jobs).await?;
    Ok(Round { value: rate(jobs, candidate), ceiling: rate(jobs, ceiling) })
}

//! The workload `idle`: what a worker costs in a second in which it has nothing to do.

use super::{cpu_times::CpuTimes, ground::Plot, no_op::NoOp, unit::Unit, working::Working};
use job_core::BoxError;
use job_runner::Registry;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The longest it is watched: ten polls of a worker, one beat of its heart, two looks for orphans.
const MOST: Duration = Duration::from_secs(10);
/// The shortest.
const LEAST: Duration = Duration::from_secs(1);

/// What is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Idle {
    /// Statements that the server runs, transactions begun and ended among them; commits, where it counts no statements.
    Statements,
    /// The time that this process has the processor.
    Cpu,
}

impl Idle {
    /// What the figure is.
    pub(super) const fn unit(self) -> Unit {
        match self {
            Self::Statements => Unit::Statements,
            Self::Cpu => Unit::Cpu,
        }
    }

    /// Watches a worker over the empty store in `plot`, in which no other handle is open: ten seconds, or fewer where a
    /// round has less than 100,000 `jobs`.
    ///
    /// # Errors
    ///
    /// If the worker fails, or nobody counts.
    pub(super) async fn of_worker(self, plot: &Plot<'_>, jobs: u32) -> Result<f64, BoxError> {
        let window = Duration::from_micros(100).saturating_mul(jobs).clamp(LEAST, MOST);
        let worker = Working::start(plot.site.open().await?, Registry::new().register::<NoOp>(), ()).await?;
        // Until its start is no part of what is counted.
        sleep(window / 5).await;
        let figure = match self {
            Self::Statements => {
                let (before, begun) = (plot.statements().await?, Instant::now());
                sleep(window).await;
                (plot.statements().await? - before) / begun.elapsed().as_secs_f64()
            }
            Self::Cpu => {
                let (before, begun) = (CpuTimes::now()?, Instant::now());
                sleep(window).await;
                let ran = CpuTimes::now()?.since(&before);
                ran.as_secs_f64() * 1000.0 / begun.elapsed().as_secs_f64()
            }
        };
        worker.stop().await?;
        Ok(figure)
    }
}

//! What to measure, and how to say it.

use super::{
    case::Case,
    ground::Ground,
    kind::Kind,
    measure::{Round, Rounds},
    report::{Figure, Report},
    workload::Workload,
};
use job_core::BoxError;
use std::io::Write;

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

impl Plan {
    /// Measures on `ground`, and writes each figure to `out` as soon as it is there.
    ///
    /// # Errors
    ///
    /// If a store fails, a job is lost on the way, or `out` cannot be written; and if the plan is about nothing.
    pub async fn measure(&self, ground: &Ground, out: &mut (dyn Write + Send)) -> Result<(), BoxError> {
        if self.stores.iter().all(|kind| self.cases(*kind).is_empty()) {
            return Err(self.about_nothing().into());
        }
        self.report.head(&ground.words().await?, out)?;
        for kind in &self.stores {
            for case in self.cases(*kind) {
                let mut rounds = Rounds::new(self.round(ground, *kind, &case).await?);
                for _ in 1..self.rounds {
                    rounds.add(self.round(ground, *kind, &case).await?);
                }
                self.report.figure(&Figure { kind: *kind, case, rounds }, out)?;
            }
        }
        Ok(())
    }

    fn cases(&self, kind: Kind) -> Vec<Case> {
        let is_meant = |case: &Case| {
            case.is_of(kind)
                && self.workloads.contains(&case.workload())
                && case.variant.contains(&self.variant)
        };
        Case::ALL.into_iter().filter(is_meant).collect()
    }

    fn about_nothing(&self) -> String {
        let is_there = |case: &&Case| self.stores.iter().any(|kind| case.is_of(*kind));
        let cases = Case::ALL.iter().filter(is_there).filter(|it| self.workloads.contains(&it.workload()));
        let variants: Vec<&str> = cases.map(|it| it.variant).collect();
        format!("no variant has `{}` in its name; there are {}", self.variant, variants.join(", "))
    }

    /// Each side in an empty place of its own.
    async fn round(&self, ground: &Ground, kind: Kind, case: &Case) -> Result<Round, BoxError> {
        let plot = ground.plot(kind)?;
        let ceiling = case.ceiling(&plot, self.jobs).await?;
        plot.clear().await?;
        let plot = ground.plot(kind)?;
        let value = case.candidate(&plot, self.jobs).await?;
        plot.clear().await?;
        Ok(Round { value, ceiling, unit: case.unit() })
    }
}

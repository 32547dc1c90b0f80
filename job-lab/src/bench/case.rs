//! The cases: a variant of a workload, its ceiling, and what must hold in the end.

use super::{Kind, Site, ceiling::Ceiling, drain, enqueue::Enqueue, no_op, store_drain};
use job_core::{
    BoxError, JobStatus, Then,
    store::{Counted, Filter, Opened},
};
use std::{
    num::NonZeroU32,
    path::Path,
    time::{Duration, Instant},
};

/// What is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Workload {
    /// Jobs are created.
    Enqueue,
    /// Jobs are claimed and completed by the store alone.
    StoreDrain,
    /// Jobs are run by a script, its start included.
    Drain,
}

impl Workload {
    /// Every workload.
    pub const ALL: [Self; 3] = [Self::Enqueue, Self::StoreDrain, Self::Drain];

    /// Its name in the figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enqueue => "enqueue",
            Self::StoreDrain => "store-drain",
            Self::Drain => "drain",
        }
    }
}

/// A variant of a workload.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Its name in the figures.
    pub variant: &'static str,
    work: Work,
    /// On a disk it takes one of so many parts of the jobs: where each waits for it alone, few say enough.
    part: u32,
}

#[derive(Clone, Copy, Debug)]
enum Work {
    Enqueue(Enqueue),
    StoreDrain { batch: NonZeroU32, then: Then },
    Drain { then: Then },
}

const fn store_drain(batch: u32, then: Then) -> Work {
    Work::StoreDrain { batch: NonZeroU32::new(batch).expect("not zero"), then }
}

impl Case {
    /// Every case, in the order of the figures.
    pub const ALL: [Self; 11] = [
        Self::of("callers-1", Work::Enqueue(Enqueue::Callers(1)), 20),
        Self::of("callers-10", Work::Enqueue(Enqueue::Callers(10)), 5),
        Self::of("callers-64", Work::Enqueue(Enqueue::Callers(64)), 1),
        Self::of("bulk-1000", Work::Enqueue(Enqueue::Bulk(1000)), 1),
        Self::of("unique", Work::Enqueue(Enqueue::Unique), 20),
        Self::of("kept-1000", store_drain(1000, Then::Keep), 1),
        Self::of("kept-100", store_drain(100, Then::Keep), 1),
        Self::of("kept-10", store_drain(10, Then::Keep), 2),
        Self::of("deleted-1000", store_drain(1000, Then::Delete), 1),
        Self::of("kept", Work::Drain { then: Then::Keep }, 1),
        Self::of("deleted", Work::Drain { then: Then::Delete }, 1),
    ];

    const fn of(variant: &'static str, work: Work, part: u32) -> Self {
        Self { variant, work, part }
    }

    /// The workload it is a variant of.
    #[must_use]
    pub const fn workload(&self) -> Workload {
        match self.work {
            Work::Enqueue(_) => Workload::Enqueue,
            Work::StoreDrain { .. } => Workload::StoreDrain,
            Work::Drain { .. } => Workload::Drain,
        }
    }

    /// How many jobs a round has, by the number that drains of a store on disk have.
    ///
    /// Memory has twice as many: fewer fit in the processor's cache, where a bare map has no match.
    #[must_use]
    pub fn jobs(&self, kind: Kind, most: u32) -> u32 {
        match kind {
            Kind::Memory => most.saturating_mul(2),
            Kind::Sqlite => most.div_ceil(self.part),
        }
    }

    /// How long the ceiling in `folder` takes for `jobs` jobs.
    ///
    /// # Errors
    ///
    /// If what is under the ceiling fails, or it left a job behind.
    pub fn ceiling(&self, kind: Kind, folder: &Path, jobs: u32) -> Result<Duration, BoxError> {
        let mut ceiling = kind.ceiling(folder)?;
        match self.work {
            Work::Enqueue(enqueue) => {
                let (batch, keyed) = match enqueue {
                    Enqueue::Callers(_) => (1, false),
                    Enqueue::Bulk(batch) => (batch, false),
                    Enqueue::Unique => (1, true),
                };
                let start = Instant::now();
                ceiling.insert(jobs, batch, keyed)?;
                Ok(start.elapsed())
            }
            Work::StoreDrain { batch, then } => drained(&mut *ceiling, jobs, batch, then),
            Work::Drain { then } => drained(&mut *ceiling, jobs, drain::CONCURRENCY, then),
        }
    }

    /// How long the candidate takes for `jobs` jobs at `site`, an empty store. Every job is then where the
    /// workload wants it, or this fails.
    ///
    /// # Errors
    ///
    /// If the store fails, or a job is not where it belongs.
    pub async fn candidate(&self, site: &Site, jobs: u32) -> Result<Duration, BoxError> {
        let opened = site.opener.open(&site.url).await?;
        let store = &opened.store;
        if self.workload() != Workload::Enqueue {
            no_op::fill(&**store, jobs).await?;
        }
        let start = Instant::now();
        match self.work {
            Work::Enqueue(enqueue) => enqueue.run(store.clone(), jobs).await?,
            Work::StoreDrain { batch, then } => store_drain::run(&**store, batch, then).await?,
            Work::Drain { then } => drain::run(opened.clone(), site, then).await?,
        }
        let took = start.elapsed();
        self.check(&opened, jobs).await?;
        Ok(took)
    }

    async fn check(&self, opened: &Opened, jobs: u32) -> Result<(), BoxError> {
        let (status, expected) = match self.work {
            Work::Enqueue(_) => (JobStatus::Waiting, jobs),
            Work::StoreDrain { then: Then::Keep, .. } | Work::Drain { then: Then::Keep } => {
                (JobStatus::Completed, jobs)
            }
            Work::StoreDrain { .. } | Work::Drain { .. } => (JobStatus::Completed, 0),
        };
        let exactly = Counted { jobs: expected.into(), at_least: false };
        for (statuses, words) in [(None, "there"), (Some(vec![status]), status.word())] {
            let filter = Filter { statuses, ..Filter::default() };
            let found = opened.store.count(&filter, u64::from(jobs) + 1).await?;
            if found != exactly {
                let variant = self.variant;
                return Err(format!("{variant}: {found} jobs are {words}; {expected} should be").into());
            }
        }
        Ok(())
    }
}

fn drained(
    ceiling: &mut dyn Ceiling,
    jobs: u32,
    batch: NonZeroU32,
    then: Then,
) -> Result<Duration, BoxError> {
    ceiling.insert(jobs, 1000, false)?;
    let start = Instant::now();
    let completed = ceiling.drain(batch.get(), then)?;
    let took = start.elapsed();
    if completed == jobs {
        Ok(took)
    } else {
        Err(format!("the ceiling completed {completed} of {jobs}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use job_core::{JobSource, Options, QueueName};

    #[tokio::test]
    async fn a_job_that_is_not_where_it_belongs_fails_the_round() {
        for case in Case::ALL.iter().filter(|it| it.workload() != Workload::Drain) {
            let site = Kind::Memory.site(Path::new(""));
            let opened = site.opener.open(&site.url).await.unwrap();
            let elsewhere =
                Options { queue: Some(QueueName::new("elsewhere").unwrap()), ..Options::default() };
            let stray = no_op::NoOp { number: 0 };
            JobSource::new(opened.store).create_with(&stray, &elsewhere).await.unwrap();
            let said = case.candidate(&site, 3).await.unwrap_err().to_string();
            assert!(said.contains("should be"), "{}: {said:?}", case.variant);
        }
    }
}

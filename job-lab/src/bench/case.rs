//! The cases: a variant of a workload, its ceiling, and what must hold in the end.

use super::{
    claims,
    crowd::Crowd,
    drain,
    enqueue::Enqueue,
    ground::Plot,
    idle::Idle,
    kind::Kind,
    latency::{Percentile, WARM_UP},
    measure::{Side, rate},
    no_op,
    store_drain::Exchanges,
    unit::Unit,
    workload::Workload,
};
use job_core::{
    BoxError, JobStatus, Then,
    store::{Counted, Filter, Opened},
};
use std::{num::NonZeroU32, time::Instant};

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
    StoreDrain(Exchanges),
    Drain { then: Then, beside: Beside },
    Claim { crowd: Option<Crowd> },
    Latency(Percentile, By),
    Idle(Idle),
}

/// Who takes the jobs whose latency is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum By {
    /// A worker: until a handler starts.
    Worker,
    /// The least that claims: until it has.
    Claim,
}

/// What else is there while a script drains.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Beside {
    Nothing,
    Crowd,
    /// A transaction that has begun before, and still sees what it saw then.
    Snapshot,
}

const fn store_drain(batch: u32, then: Then) -> Work {
    Work::StoreDrain(Exchanges { batch: NonZeroU32::new(batch).expect("not zero"), then })
}

const fn drain(then: Then, beside: Beside) -> Work {
    Work::Drain { then, beside }
}

impl Case {
    /// Every case, in the order of the figures.
    pub const ALL: [Self; 22] = [
        Self::of("callers-1", Work::Enqueue(Enqueue::Callers(1)), 20),
        Self::of("callers-10", Work::Enqueue(Enqueue::Callers(10)), 5),
        Self::of("callers-64", Work::Enqueue(Enqueue::Callers(64)), 1),
        Self::of("bulk-1000", Work::Enqueue(Enqueue::Bulk(1000)), 1),
        Self::of("unique", Work::Enqueue(Enqueue::Unique), 20),
        Self::of("on-conn-1", Work::Enqueue(Enqueue::InTransaction), 20),
        Self::of("kept-1000", store_drain(1000, Then::Keep), 1),
        Self::of("kept-100", store_drain(100, Then::Keep), 1),
        Self::of("kept-10", store_drain(10, Then::Keep), 2),
        Self::of("deleted-1000", store_drain(1000, Then::Delete), 1),
        Self::of("kept", drain(Then::Keep, Beside::Nothing), 1),
        Self::of("deleted", drain(Then::Delete, Beside::Nothing), 1),
        Self::of("crowded", drain(Then::Keep, Beside::Crowd), 1),
        Self::of("pinned", drain(Then::Keep, Beside::Snapshot), 1),
        Self::of("elsewhere", Work::Claim { crowd: Some(Crowd::Elsewhere) }, 5),
        Self::of("same-queue", Work::Claim { crowd: Some(Crowd::Here) }, 5),
        Self::of("worker-p50", Work::Latency(Percentile(50), By::Worker), 333),
        Self::of("worker-p99", Work::Latency(Percentile(99), By::Worker), 333),
        Self::of("claim-p50", Work::Latency(Percentile(50), By::Claim), 333),
        Self::of("claim-p99", Work::Latency(Percentile(99), By::Claim), 333),
        Self::of("statements", Work::Idle(Idle::Statements), 1),
        Self::of("cpu", Work::Idle(Idle::Cpu), 1),
    ];

    const fn of(variant: &'static str, work: Work, part: u32) -> Self {
        Self { variant, work, part }
    }

    /// The workload it is a variant of.
    #[must_use]
    pub const fn workload(&self) -> Workload {
        match self.work {
            Work::Enqueue(_) => Workload::Enqueue,
            Work::StoreDrain(_) => Workload::StoreDrain,
            Work::Drain { .. } => Workload::Drain,
            Work::Claim { .. } => Workload::Claim,
            Work::Latency(..) => Workload::Latency,
            Work::Idle(_) => Workload::Idle,
        }
    }

    /// What its figures are.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        match self.work {
            Work::Enqueue(_) | Work::StoreDrain(_) | Work::Drain { .. } => Unit::Rate,
            Work::Claim { .. } | Work::Latency(..) => Unit::Time,
            Work::Idle(idle) => idle.unit(),
        }
    }

    /// Whether a store of this kind has what the case is about.
    #[must_use]
    pub fn is_of(&self, kind: Kind) -> bool {
        let by_a_server = match self.work {
            Work::Enqueue(enqueue) => enqueue == Enqueue::InTransaction,
            Work::Drain { beside, .. } => beside != Beside::Nothing,
            Work::Latency(_, by) => by == By::Claim,
            Work::Idle(idle) => idle == Idle::Statements,
            Work::Claim { .. } => true,
            Work::StoreDrain(_) => false,
        };
        kind == Kind::Postgres || !by_a_server
    }

    /// How many jobs a round has, by the number that drains of a store on disk have.
    ///
    /// Memory has twice as many: fewer fit in the processor's cache, where a bare map has no match.
    #[must_use]
    pub fn jobs(&self, kind: Kind, most: u32) -> u32 {
        match kind {
            Kind::Memory if self.unit() == Unit::Rate => most.saturating_mul(2),
            Kind::Memory | Kind::Sqlite | Kind::Postgres => most.div_ceil(self.part),
        }
    }

    /// What the ceiling shows in `plot`, an empty place. Where the case asks what is in the way of a drain or a claim,
    /// that is the same without it. Latency has one where a database itself can wake somebody, and idling has none.
    ///
    /// # Errors
    ///
    /// If what is under the ceiling fails, or it left a job behind.
    pub(super) async fn ceiling(&self, plot: &Plot<'_>, most: u32) -> Result<Option<Side>, BoxError> {
        let jobs = self.jobs(plot.kind, most);
        let side = match self.work {
            Work::Drain { then, beside: Beside::Crowd | Beside::Snapshot } => {
                Self { work: drain(then, Beside::Nothing), ..*self }.candidate(plot, most).await?
            }
            Work::Claim { .. } => {
                Self { work: Work::Claim { crowd: None }, ..*self }.candidate(plot, most).await?
            }
            Work::Idle(_) => return Ok(None),
            Work::Latency(..) if plot.kind != Kind::Postgres => return Ok(None),
            Work::Latency(percentile, _) => {
                plot.site.ceiling(plot.folder()).await?;
                let figure = percentile.of_ceiling(plot.site.room()?, jobs).await?;
                Side { figure, costs: None }
            }
            Work::Enqueue(enqueue) => {
                let mut ceiling = plot.site.ceiling(plot.folder()).await?;
                let before = plot.settle().await?;
                let start = Instant::now();
                ceiling.insert(jobs, enqueue).await?;
                let figure = rate(jobs, start.elapsed());
                plot.side(figure, before, jobs).await?
            }
            Work::StoreDrain(Exchanges { batch, then }) => drained(plot, jobs, batch, then).await?,
            Work::Drain { then, .. } => drained(plot, jobs, drain::CONCURRENCY, then).await?,
        };
        Ok(Some(side))
    }

    /// What the candidate shows in `plot`, an empty place. Every job is then where the workload wants it, or this
    /// fails.
    ///
    /// # Errors
    ///
    /// If the store fails, or a job is not where it belongs.
    pub(super) async fn candidate(&self, plot: &Plot<'_>, most: u32) -> Result<Side, BoxError> {
        let jobs = self.jobs(plot.kind, most);
        let opened = self.prepare(plot, most).await?;
        let (opened, before) = plot.settled(opened).await?;
        let snapshot = match self.work {
            Work::Drain { beside: Beside::Snapshot, .. } => Some(plot.site.room()?.snapshot().await?),
            _ => None,
        };
        let figure = self.run(opened, plot, jobs).await?;
        drop(snapshot);
        let side = match self.unit() {
            Unit::Rate => plot.side(figure, before, jobs).await?,
            _ => Side { figure, costs: None },
        };
        self.check(&plot.site.open().await?, jobs).await?;
        Ok(side)
    }

    /// Makes the store, and fills it.
    async fn prepare(&self, plot: &Plot<'_>, most: u32) -> Result<Opened, BoxError> {
        let opened = plot.site.open().await?;
        match self.work {
            Work::Enqueue(_) | Work::Latency(..) | Work::Idle(_) => return Ok(opened),
            Work::Drain { beside: Beside::Crowd, .. } => Crowd::Here.fill(plot.site.room()?, most).await?,
            Work::Claim { crowd: Some(crowd) } => crowd.fill(plot.site.room()?, most).await?,
            Work::StoreDrain(_) | Work::Drain { .. } | Work::Claim { crowd: None } => {}
        }
        no_op::fill(&*opened.store, self.jobs(plot.kind, most)).await?;
        Ok(opened)
    }

    /// Does what is measured.
    async fn run(&self, opened: Opened, plot: &Plot<'_>, jobs: u32) -> Result<f64, BoxError> {
        let (site, start) = (&plot.site, Instant::now());
        match self.work {
            Work::Enqueue(enqueue) => enqueue.run(opened.store, site, jobs).await?,
            Work::StoreDrain(exchanges) => exchanges.run(opened.store, site.drainers()).await?,
            Work::Drain { then, .. } => drain::run(opened, then).await?,
            Work::Claim { .. } => return claims::mean(&*opened.store).await,
            Work::Latency(it, By::Worker) => return it.of_worker(opened, site, jobs).await,
            Work::Latency(it, By::Claim) => return it.of_store(opened.store, site, jobs).await,
            Work::Idle(idle) => {
                drop(opened);
                return idle.of_worker(plot, jobs).await;
            }
        }
        Ok(rate(jobs, start.elapsed()))
    }

    async fn check(&self, opened: &Opened, jobs: u32) -> Result<(), BoxError> {
        let (status, expected) = match self.work {
            Work::Enqueue(_) => (JobStatus::Waiting, jobs),
            // The last one, and those before the first sample, are still under way.
            Work::Latency(_, By::Claim) => return Ok(()),
            Work::Latency(_, By::Worker) => (JobStatus::Completed, WARM_UP + jobs),
            Work::Idle(_) => (JobStatus::Completed, 0),
            Work::StoreDrain(Exchanges { then: Then::Delete, .. })
            | Work::Drain { then: Then::Delete, .. } => (JobStatus::Completed, 0),
            Work::StoreDrain(_) | Work::Drain { .. } | Work::Claim { .. } => (JobStatus::Completed, jobs),
        };
        let exactly = Counted { jobs: expected.into(), at_least: false };
        for (statuses, words) in [(None, "there"), (Some(vec![status]), status.word())] {
            let filter = Filter { statuses, types: Some(no_op::types()?), ..Filter::default() };
            let found = opened.store.count(&filter, u64::from(expected) + 1).await?;
            if found != exactly {
                let variant = self.variant;
                return Err(format!("{variant}: {found} jobs are {words}; {expected} should be").into());
            }
        }
        Ok(())
    }
}

async fn drained(plot: &Plot<'_>, jobs: u32, batch: NonZeroU32, then: Then) -> Result<Side, BoxError> {
    let mut ceiling = plot.site.ceiling(plot.folder()).await?;
    ceiling.insert(jobs, Enqueue::Bulk(1000)).await?;
    let before = plot.settle().await?;
    let start = Instant::now();
    let completed = ceiling.drain(batch.get(), then).await?;
    let figure = rate(jobs, start.elapsed());
    if completed == jobs {
        plot.side(figure, before, jobs).await
    } else {
        Err(format!("the ceiling completed {completed} of {jobs}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Ground, *};
    use job_core::{JobSource, Options, QueueName};

    #[tokio::test]
    async fn a_job_that_is_not_where_it_belongs_fails_the_round() {
        let folder = tempfile::tempdir().unwrap();
        let ground = Ground::new(folder.path(), None);
        let cases = Case::ALL.iter().filter(|it| it.is_of(Kind::Memory) && it.workload() != Workload::Drain);
        for case in cases {
            let plot = ground.plot(Kind::Memory).unwrap();
            let opened = plot.site.open().await.unwrap();
            let elsewhere =
                Options { queue: Some(QueueName::new("elsewhere").unwrap()), ..Options::default() };
            let stray = no_op::NoOp { number: 0 };
            JobSource::new(opened.store).create_with(&stray, &elsewhere).await.unwrap();
            let said = case.candidate(&plot, 3).await.unwrap_err().to_string();
            assert!(said.contains("should be"), "{}: {said:?}", case.variant);
        }
    }
}

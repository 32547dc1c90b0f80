//! Many jobs of one type, in the order in which they take their keys.
//!
//! Each statement sorts its own. Those of one call are in one transaction, which keeps what each has taken, so beyond one
//! statement all of them are put in order first: else two calls could each wait for what the other has.

use crate::callers::jobs::BATCH;
use job_core::{Clock, DraftError, JobId, JobType, NewJob, Options, Start, Timestamp, UniqueKey};
use std::marker::PhantomData;
use uuid::Uuid;

/// Many jobs. Only their keys and ids are made ahead, not their rows.
pub(crate) struct Bulk<'a, J, K> {
    jobs: Vec<&'a J>,
    options: Options,
    kind: PhantomData<fn() -> K>,
}

/// A job of many: its number among them, its id and itself.
type Numbered<'a, J> = (usize, JobId, &'a J);

impl<'a, J: JobType<K>, K> Bulk<'a, J, K> {
    /// These, with options.
    pub(crate) fn new(jobs: impl IntoIterator<Item = &'a J>, options: &Options) -> Self {
        Self { jobs: jobs.into_iter().collect(), options: options.clone(), kind: PhantomData }
    }

    /// Whether it is to be known when they are inserted.
    pub(crate) fn needs_time(&self) -> bool {
        needs_time::<J, K>(&self.options) || self.is_long()
    }

    /// Whose time counts: that of `now` for all, if they are not inserted in their own order. That of their ids then decides
    /// which starts first.
    pub(crate) fn clock(&self, now: Option<Timestamp>) -> Clock {
        now.filter(|_| self.is_long()).map_or(Clock::Store, Clock::At)
    }

    /// What each statement takes, in its order.
    pub(crate) fn batches(&self, now: Option<Timestamp>) -> Result<Vec<Vec<Numbered<'a, J>>>, DraftError> {
        let mut jobs = Vec::with_capacity(self.jobs.len());
        for (n, job) in self.jobs.iter().enumerate() {
            let key = if self.is_long() { self.key(job, now)? } else { None };
            jobs.push((key, n, new_id(), *job));
        }
        // As the statement sorts, which has one type here: by the bytes of the key, then by id.
        jobs.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        let jobs: Vec<Numbered<'a, J>> = jobs.into_iter().map(|(_, n, id, job)| (n, id, job)).collect();
        Ok(jobs.chunks(BATCH).map(<[_]>::to_vec).collect())
    }

    /// The rows of a batch.
    pub(crate) fn drafts(
        &self,
        batch: &[Numbered<'a, J>],
        now: Option<Timestamp>,
    ) -> Result<Vec<NewJob>, DraftError> {
        batch.iter().map(|(_, id, job)| job.draft(*id, &self.options, now)).collect()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    fn is_long(&self) -> bool {
        self.jobs.len() > BATCH
    }

    fn key(&self, job: &J, now: Option<Timestamp>) -> Result<Option<Box<str>>, DraftError> {
        let key = job.describe()?.key;
        let start = match self.options.start {
            Start::At(at) => Some(at),
            start => now.map(|now| start.resolve(now)),
        };
        let once = |key: UniqueKey| match J::info().period.zip(start) {
            Some((period, start)) => key.once_per(period, start),
            None => key,
        };
        Ok(key.map(|key| once(key).as_str().into()))
    }
}

/// Whether a job's key depends on the time of the insert.
pub(crate) fn needs_time<J: JobType<K>, K>(options: &Options) -> bool {
    J::info().period.is_some() && !matches!(options.start, Start::At(_))
}

/// Ids that one process makes grow.
pub(crate) fn new_id() -> JobId {
    JobId::from_uuid(Uuid::now_v7())
}

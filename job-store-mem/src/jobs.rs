//! The rows, and their indexes, which every write moves along.

use crate::waiting::Waiting;
use job_core::{
    Inconsistent, Job, JobId, JobState, JobStatus, Lease, Progress, Timestamp, Turn, TypeName, UniqueKey,
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::RangeInclusive,
};

/// All jobs.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    /// Boxed, so that the table grows by moving pointers.
    rows: HashMap<JobId, Box<Job>>,
    indexes: Indexes,
}

/// What is looked for other than by one id.
#[derive(Debug, Default)]
struct Indexes {
    ids: BTreeSet<JobId>,
    /// Unique: at most one job of a type holds a key.
    held: HashMap<(TypeName, UniqueKey), JobId>,
    /// Unique: at most one job of a turn runs.
    turns: HashSet<Turn>,
    waiting: Waiting,
    running: BTreeSet<JobId>,
}

impl Jobs {
    /// The jobs whose ids are in `range`, by id; none if its ends are the wrong way round.
    pub(crate) fn within(&self, range: RangeInclusive<JobId>) -> impl DoubleEndedIterator<Item = &Job> {
        // A tree would panic at such a range.
        let range = Some(range).filter(|it| !it.is_empty());
        let ids = range.into_iter().flat_map(|it| self.indexes.ids.range(it));
        ids.filter_map(|id| self.get(*id))
    }

    pub(crate) const fn waiting(&self) -> &Waiting {
        &self.indexes.waiting
    }

    pub(crate) fn get(&self, id: JobId) -> Option<&Job> {
        self.rows.get(&id).map(|it| &**it)
    }

    /// The running jobs after `after`, by id.
    pub(crate) fn running(&self, after: Option<JobId>) -> impl Iterator<Item = &Job> {
        let first = after.unwrap_or(*JobId::BOUNDS.start());
        let ids = self.indexes.running.range(first..).filter(move |id| Some(**id) != after);
        ids.filter_map(|id| self.get(*id))
    }

    pub(crate) fn holder(&self, type_name: &TypeName, key: &UniqueKey) -> Option<JobId> {
        self.indexes.held.get(&(type_name.clone(), key.clone())).copied()
    }

    pub(crate) fn turn_runs(&self, turn: &Turn) -> bool {
        self.indexes.turns.contains(turn)
    }

    pub(crate) fn insert(&mut self, job: Job) {
        self.indexes.ids.insert(job.id);
        self.indexes.add(&job);
        self.rows.insert(job.id, Box::new(job));
    }

    /// Moves the job to its `next` state, if it has one, and lends it.
    pub(crate) fn update(&mut self, id: JobId, next: impl FnOnce(&Job) -> Option<JobState>) -> Option<&Job> {
        let job = self.rows.get_mut(&id)?;
        let next = next(job)?;
        self.indexes.remove(job);
        job.state = next;
        self.indexes.add(job);
        Some(job)
    }

    /// Extends the job's lease at least to `until`, and says when it ends. No index knows about leases.
    pub(crate) fn renew(
        &mut self,
        id: JobId,
        until: Timestamp,
        progress: Option<Progress>,
    ) -> Result<Option<Timestamp>, Inconsistent> {
        let Some(job) = self.rows.get_mut(&id) else { return Ok(None) };
        let Some(lease) = job.state.lease() else { return Ok(None) };
        let expires = lease.expires.max(until);
        let progress = progress.or_else(|| lease.progress.clone());
        let mut parts = job.state.parts();
        parts.lease = Some(Lease { expires, progress, ..lease.clone() });
        job.state = JobState::restore(parts)?;
        Ok(Some(expires))
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, id: JobId) -> bool {
        let Some(job) = self.rows.remove(&id) else { return false };
        self.indexes.ids.remove(&id);
        self.indexes.remove(&job);
        true
    }
}

impl Indexes {
    fn add(&mut self, job: &Job) {
        if let Some(key) = job.state.held_key() {
            self.held.insert((job.spec.type_name.clone(), key.clone()), job.id);
        }
        if let Some(turn) = job.state.running_key() {
            self.turns.insert(turn.clone());
        }
        match job.state.status() {
            JobStatus::Waiting => self.waiting.add(job),
            JobStatus::Running => {
                self.running.insert(job.id);
            }
            _ => {}
        }
    }

    fn remove(&mut self, job: &Job) {
        if let Some(key) = job.state.held_key() {
            self.held.remove(&(job.spec.type_name.clone(), key.clone()));
        }
        if let Some(turn) = job.state.running_key() {
            self.turns.remove(turn);
        }
        match job.state.status() {
            JobStatus::Waiting => self.waiting.remove(job),
            JobStatus::Running => {
                self.running.remove(&job.id);
            }
            _ => {}
        }
    }
}

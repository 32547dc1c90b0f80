//! What the store keeps, and the single steps that its calls are made of.

use job_core::{
    About, ActorId, Change, Job, JobId, JobState, LockName, NewJob, Note, Noted, Reply, Text, Then,
    Timestamp, UniqueKey,
    store::{Deletion, Filter, Held, Inserted, Lock, LockRequest, Renewed, Switch},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Everything, in lists.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) jobs: Vec<Job>,
    pub(crate) notes: Vec<Noted>,
    pub(crate) switches: BTreeSet<Switch>,
    locks: BTreeMap<LockName, (ActorId, Text, Timestamp)>,
    last_note: i64,
}

impl Table {
    /// The jobs that fit, in no order.
    pub(crate) fn fitting(&self, filter: &Filter) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| filter.fits(job) && (filter.ready_at.is_none() || self.is_free(job)))
    }

    /// Whether neither a pause nor a running job of its turn keeps the job from being started.
    pub(crate) fn is_free(&self, job: &Job) -> bool {
        let paused = self.switches.contains(&Switch::PauseQueue(job.state.queue().clone()))
            || self.switches.contains(&Switch::PauseType(job.spec.type_name.clone()));
        let turn = job.spec.turn.as_ref();
        let turn_runs = turn.is_some() && self.jobs.iter().any(|it| it.state.running_key() == turn);
        !paused && !turn_runs
    }

    /// Another job of the type of `job` that holds `key`.
    fn other_holder(&self, job: &Job, key: Option<&UniqueKey>) -> Option<JobId> {
        let holds = |it: &&Job| it.spec.type_name == job.spec.type_name && it.state.held_key() == key;
        key.and_then(|_| self.jobs.iter().filter(holds).map(|it| it.id).find(|id| *id != job.id))
    }

    pub(crate) fn insert(&mut self, new: &NewJob, now: Timestamp) -> Inserted {
        if let Some(stored) = self.jobs.iter().find(|job| job.id == new.id) {
            return if new.made(stored) { Inserted::Created(stored.clone()) } else { Inserted::IdTaken };
        }
        let job = new.created(now);
        if let Some(holder) = self.other_holder(&job, job.state.held_key()) {
            return Inserted::Existing { holder };
        }
        self.jobs.push(job.clone());
        Inserted::Created(job)
    }

    pub(crate) fn change(&mut self, change: &Change) -> Reply {
        let Some(at) = self.jobs.iter().position(|job| job.id == change.id) else { return Reply::Gone };
        let job = &self.jobs[at];
        if !change.fits(&job.state) {
            return change.late_reply(&job.state);
        }
        let key = change.next.held_key().filter(|_| change.takes_key);
        let (next, reply) = match self.other_holder(job, key) {
            None => (change.next.clone(), Reply::Applied),
            Some(holder) => match change.if_taken.superseded_by(holder) {
                None => return Reply::KeyTaken { holder },
                Some(cancelled) => (cancelled, Reply::Superseded { by: holder }),
            },
        };
        self.jobs[at].state = next;
        change.note.iter().for_each(|note| self.note(note));
        if reply == Reply::Applied && change.then == Then::Delete {
            self.remove(&[change.id]);
        }
        reply
    }

    pub(crate) fn renew(&mut self, held: &Held, lease: Duration, now: Timestamp) -> Renewed {
        let Some(job) = self.jobs.iter_mut().find(|job| job.id == held.id) else { return Renewed::Lost };
        let mut parts = job.state.parts();
        let Some(kept) = parts.lease.as_mut().filter(|_| parts.revision == held.revision) else {
            return Renewed::Lost;
        };
        kept.expires = kept.expires.max(now + lease);
        kept.progress = held.progress.clone().or(kept.progress.take());
        let until = kept.expires;
        job.state = JobState::restore(parts).expect("it still runs");
        Renewed::Until(until)
    }

    pub(crate) fn note(&mut self, note: &Note) {
        if matches!(note.about, About::Job(id) if self.jobs.iter().all(|job| job.id != id)) {
            return;
        }
        self.last_note += 1;
        self.notes.push(Noted { number: self.last_note, note: note.clone() });
    }

    pub(crate) fn delete(&mut self, what: &Deletion) -> usize {
        let (before, statuses, types, limit, keep_newest) = match what {
            Deletion::Ids(ids) => return self.remove(ids),
            Deletion::Final { before, statuses, types, limit, keep_newest } => {
                (before, statuses, types, limit, keep_newest)
            }
        };
        let old = self.jobs.iter().filter(|job| {
            job.state.date_finished().is_some_and(|ended| ended < *before)
                && statuses.contains(&job.state.status())
                && types.as_ref().is_none_or(|types| types.contains(&job.spec.type_name))
                && keep_newest.is_none_or(|keep| self.newer(job) >= keep.get() as usize)
        });
        let mut old: Vec<_> = old.map(|job| job.id).collect();
        old.sort();
        old.truncate(limit.get() as usize);
        self.remove(&old)
    }

    /// How many final jobs of the same type and target are newer; countless for a job without a target.
    fn newer(&self, job: &Job) -> usize {
        let newer = self.jobs.iter().filter(|it| {
            it.id > job.id
                && it.state.status().is_final()
                && it.spec.type_name == job.spec.type_name
                && it.spec.target == job.spec.target
        });
        if job.spec.target.is_some() { newer.count() } else { usize::MAX }
    }

    fn remove(&mut self, ids: &[JobId]) -> usize {
        let before = self.jobs.len();
        self.jobs.retain(|job| !ids.contains(&job.id));
        self.notes.retain(|noted| !matches!(&noted.note.about, About::Job(id) if ids.contains(id)));
        before - self.jobs.len()
    }

    pub(crate) fn lock(&mut self, request: &LockRequest, now: Timestamp) -> Lock {
        if let Some((by, holder, until)) = self.locks.get(&request.name)
            && *by != request.by
            && *until > now
        {
            return Lock::Busy { holder: holder.clone(), until: *until };
        }
        if request.lease.is_zero() {
            self.locks.remove(&request.name);
            return Lock::GivenUp;
        }
        let until = now + request.lease;
        self.locks.insert(request.name.clone(), (request.by, request.holder.clone(), until));
        Lock::Taken { until }
    }
}

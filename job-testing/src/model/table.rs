//! The model's writes.

use job_core::{
    About, ActorId, Change, Job, JobId, JobState, Lease, LockName, NewJob, Note, Reply, Text, Then,
    Timestamp, Turn, TypeName, UniqueKey,
    store::{Claim, Deletion, Held, Inserted, Lock, LockRequest, Renewed, Switch},
};
use std::time::Duration;

/// What any store must be indistinguishable from: lists, searched from end to end. Every call is given its time.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// All jobs, in no order.
    pub jobs: Vec<Job>,
    /// All notes, the oldest first.
    pub notes: Vec<Note>,
    /// The switches that are on.
    pub switches: Vec<Switch>,
    locks: Vec<(LockName, ActorId, Text, Timestamp)>,
}

impl Model {
    /// The job, if it is there.
    #[must_use]
    pub fn get(&self, id: JobId) -> Option<&Job> {
        self.jobs.iter().find(|it| it.id == id)
    }

    /// See [`JobStore::insert`](job_core::store::JobStore::insert).
    pub fn insert(&mut self, new: &NewJob, now: Timestamp) -> Inserted {
        if let Some(job) = self.get(new.id) {
            return if new.made(job) { Inserted::Created(job.clone()) } else { Inserted::IdTaken };
        }
        let job = new.created(now);
        if let Some(holder) = self.other_holder(job.id, &job.spec.type_name, job.state.held_key()) {
            return Inserted::Existing { holder };
        }
        self.jobs.push(job.clone());
        Inserted::Created(job)
    }

    /// See [`JobStore::claim`](job_core::store::JobStore::claim). Jobs with a turn in `left` are left to the next.
    pub fn claim(&mut self, claim: &Claim, left: &[Turn], now: Timestamp) -> Vec<Job> {
        let mut started = Vec::new();
        while started.len() < claim.limit.get() as usize {
            let due = self.jobs.iter().filter(|it| {
                it.state.is_due(claim.due_at(now))
                    && *it.state.queue() == claim.queue
                    && claim.types.contains(&it.spec.type_name)
                    && it.spec.turn.as_ref().is_none_or(|turn| !left.contains(turn))
                    && self.is_free(it)
            });
            let Some(job) = due.min_by_key(|it| it.place()) else { break };
            let lease = Lease { holder: claim.by, expires: now + claim.lease, progress: None };
            let Ok(state) = job.start(lease, now) else { unreachable!("a due job can be started") };
            let job = Job { state, ..job.clone() };
            self.write(job.id, &job.state);
            started.push(job);
        }
        started
    }

    /// See [`JobStore::apply`](job_core::store::JobStore::apply).
    pub fn apply(&mut self, changes: &[Change]) -> Vec<Reply> {
        let mut replies = vec![Reply::Stale; changes.len()];
        for takes_key in [false, true] {
            for (n, change) in changes.iter().enumerate().filter(|(_, it)| it.takes_key == takes_key) {
                if changes[..n].iter().all(|it| it.id != change.id) {
                    replies[n] = self.change(change);
                }
            }
        }
        replies
    }

    fn change(&mut self, change: &Change) -> Reply {
        let Some(job) = self.get(change.id) else { return Reply::Gone };
        if !change.fits(&job.state) {
            return change.late_reply(&job.state);
        }
        let key = change.next.held_key().filter(|_| change.takes_key);
        let holder = self.other_holder(job.id, &job.spec.type_name, key);
        let (next, then, reply) = match holder {
            None => (Some(change.next.clone()), change.then, Reply::Applied),
            Some(by) => match change.if_taken.superseded_by(by) {
                Some(state) => (Some(state), Then::Keep, Reply::Superseded { by }),
                None => (None, Then::Keep, Reply::KeyTaken { holder: by }),
            },
        };
        let Some(next) = next else { return reply };
        self.write(change.id, &next);
        if then == Then::Delete {
            self.delete(&Deletion::Ids(vec![change.id]));
        }
        self.append(change.note.as_slice());
        reply
    }

    /// See [`JobStore::renew`](job_core::store::JobStore::renew).
    pub fn renew(&mut self, held: &Held, lease: Duration, now: Timestamp) -> Renewed {
        let job = self.jobs.iter_mut().find(|it| it.id == held.id && it.state.revision() == held.revision);
        let Some(job) = job else { return Renewed::Lost };
        let mut parts = job.state.parts();
        let Some(lease_now) = &mut parts.lease else { return Renewed::Lost };
        lease_now.expires = lease_now.expires.max(now + lease);
        lease_now.progress = held.progress.clone().or(lease_now.progress.take());
        let until = lease_now.expires;
        job.state = JobState::restore(parts).unwrap_or_else(|error| unreachable!("{error}"));
        Renewed::Until(until)
    }

    /// See [`JobStore::delete`](job_core::store::JobStore::delete).
    pub fn delete(&mut self, what: &Deletion) -> u64 {
        let before = self.jobs.len();
        let gone = self.selected(what);
        self.jobs.retain(|it| !gone.contains(&it.id));
        self.notes.retain(|it| !matches!(it.about, About::Job(id) if gone.contains(&id)));
        (before - self.jobs.len()) as u64
    }

    /// See [`JobStore::lock`](job_core::store::JobStore::lock).
    pub fn lock(&mut self, request: &LockRequest, now: Timestamp) -> Lock {
        for (name, by, holder, until) in &self.locks {
            if *name == request.name && *by != request.by && *until > now {
                return Lock::Busy { holder: holder.clone(), until: *until };
            }
        }
        self.locks.retain(|(name, ..)| *name != request.name);
        if request.lease.is_zero() {
            return Lock::GivenUp;
        }
        let until = now + request.lease;
        self.locks.push((request.name.clone(), request.by, request.holder.clone(), until));
        Lock::Taken { until }
    }

    /// See [`Switches::set`](job_core::store::Switches::set).
    pub fn set(&mut self, switch: &Switch, on: bool) {
        self.switches.retain(|it| it != switch);
        if on {
            self.switches.push(switch.clone());
        }
        self.switches.sort();
    }

    /// See [`Notes::append`](job_core::store::Notes::append).
    pub fn append(&mut self, notes: &[Note]) {
        for note in notes {
            if !matches!(note.about, About::Job(id) if self.get(id).is_none()) {
                self.notes.push(note.clone());
            }
        }
    }

    fn write(&mut self, id: JobId, next: &JobState) {
        for job in self.jobs.iter_mut().filter(|it| it.id == id) {
            job.state = next.clone();
        }
    }

    fn other_holder(&self, id: JobId, type_name: &TypeName, key: Option<&UniqueKey>) -> Option<JobId> {
        let holds = |it: &&Job| {
            it.id != id && it.spec.type_name == *type_name && key.is_some() && it.state.held_key() == key
        };
        self.jobs.iter().find(holds).map(|it| it.id)
    }
}

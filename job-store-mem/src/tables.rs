//! Everything a memory store keeps, and what its calls do to it under one lock.

use crate::{jobs::Jobs, locks::Locks, notes::NoteTable};
use job_core::{
    Change, Job, NewJob, Reply, Then, Timestamp,
    store::{Held, Inserted, Renewed, StoreError, Switch},
};
use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

/// The tables.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) jobs: Jobs,
    pub(crate) notes: NoteTable,
    pub(crate) switches: BTreeSet<Switch>,
    pub(crate) locks: Locks,
}

impl Tables {
    pub(crate) fn insert(&mut self, new: &NewJob, now: Timestamp) -> Inserted {
        if let Some(job) = self.jobs.get(new.id) {
            return if new.made(job) { Inserted::Created(job.clone()) } else { Inserted::IdTaken };
        }
        let job = new.created(now);
        let holder = job.state.held_key().and_then(|key| self.jobs.holder(&job.spec.type_name, key));
        if let Some(holder) = holder {
            return Inserted::Existing { holder };
        }
        self.jobs.insert(job.clone());
        Inserted::Created(job)
    }

    /// Changes that take a key back come after the others, so that they find the keys those give up.
    pub(crate) fn apply(&mut self, changes: &[Change]) -> Vec<Reply> {
        let mut seen = HashSet::with_capacity(changes.len());
        let first: Vec<bool> = changes.iter().map(|it| seen.insert(it.id)).collect();
        let mut replies = vec![Reply::Stale; changes.len()];
        for takes_key in [false, true] {
            for ((change, reply), first) in changes.iter().zip(&mut replies).zip(&first) {
                if *first && change.takes_key == takes_key {
                    *reply = self.apply_one(change);
                }
            }
        }
        replies
    }

    fn apply_one(&mut self, change: &Change) -> Reply {
        let Some(job) = self.jobs.get(change.id) else { return Reply::Gone };
        if !change.fits(&job.state) {
            return change.late_reply(&job.state);
        }
        let wanted = change.next.held_key().filter(|_| change.takes_key);
        let holder = wanted.and_then(|key| self.jobs.holder(&job.spec.type_name, key));
        let (next, then, reply) = match holder.filter(|it| *it != change.id) {
            None => (change.next.clone(), change.then, Reply::Applied),
            Some(by) => match change.if_taken.superseded_by(by) {
                Some(state) => (state, Then::Keep, Reply::Superseded { by }),
                None => return Reply::KeyTaken { holder: by },
            },
        };
        match then {
            Then::Keep => {
                self.jobs.update(change.id, |_| Some(next));
            }
            Then::Delete => {
                self.forget(change.id);
            }
        }
        if let Some(note) = &change.note {
            self.append(note);
        }
        reply
    }

    pub(crate) fn renew(
        &mut self,
        held: &Held,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Renewed, StoreError> {
        let owned = |it: &Job| it.state.revision() == held.revision;
        if !self.jobs.get(held.id).is_some_and(owned) {
            return Ok(Renewed::Lost);
        }
        let corrupt = |source| StoreError::Corrupt { id: held.id, source: Box::new(source) };
        let until = self.jobs.renew(held.id, now + lease, held.progress.clone()).map_err(corrupt)?;
        Ok(until.map_or(Renewed::Lost, Renewed::Until))
    }
}

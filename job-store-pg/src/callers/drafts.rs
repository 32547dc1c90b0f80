//! A batch of new jobs on its way into a caller's transaction: what is asked, and what the answers mean. Both the
//! asynchronous and the synchronous way go through it.

use crate::{
    callers::enqueue::AcquiredId,
    change::Id,
    insert::{
        Holder, key,
        new_rows::{Shape, tags},
    },
    statement::{Statement, bind::Bind, schema::Schema, texts::Texts},
    wake::{channel::channels, ring::rings},
};
use job_core::{Clock, JobId, NewJob, QueueName};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How often keys may change hands between an insert and a look who holds them.
pub(crate) const ROUNDS: u32 = 20;

/// New jobs, and what became of them.
pub(crate) struct Drafts {
    jobs: Vec<NewJob>,
    clock: Clock,
    tags: Vec<Option<String>>,
    channels: Vec<String>,
    answers: Vec<Option<AcquiredId>>,
}

impl Drafts {
    /// Jobs with fresh ids, by this clock. `notifies` says whether runners are told.
    pub(crate) fn new(jobs: Vec<NewJob>, clock: Clock, schema: &Schema, notifies: bool) -> Self {
        let ringing = jobs.iter().filter(|it| notifies && rings(it));
        let queues: BTreeSet<&QueueName> = ringing.map(|it| &it.queue).collect();
        let channels = channels(schema, queues);
        Self { tags: jobs.iter().map(tags).collect(), answers: vec![None; jobs.len()], channels, clock, jobs }
    }

    /// Inserts those without an answer, and gives the [`Id`]s of the written ones.
    pub(crate) fn insert<'s>(&'s self, texts: &'s Texts) -> Statement<'s> {
        let open = || (0..self.jobs.len()).filter(|n| self.answers[*n].is_none());
        let jobs: Vec<&NewJob> = open().map(|n| &self.jobs[n]).collect();
        let tags: Vec<Option<&str>> = open().map(|n| self.tags[n].as_deref()).collect();
        let shape = Shape::of(&jobs);
        let mut binds = shape.binds(&jobs, &tags, self.clock);
        binds.push(Bind::texts(self.channels.iter().map(String::as_str)));
        Statement::new(&shape.texts(texts).enqueue, binds)
    }

    /// What [`insert`](Self::insert) gave.
    pub(crate) fn written(&mut self, ids: &[Id]) {
        let written: HashSet<JobId> = ids.iter().map(|it| it.0).collect();
        for (job, answer) in self.jobs.iter().zip(&mut self.answers) {
            if written.contains(&job.id) {
                *answer = Some(AcquiredId::Created(job.id));
            }
        }
    }

    /// Asks for the [`Holder`]s of the keys of those without an answer, and locks them.
    pub(crate) fn existing<'s>(&'s self, texts: &'s Texts) -> Statement<'s> {
        let keys: BTreeSet<(&str, &str)> = self.open().filter_map(typed_key).collect();
        let (types, keys): (Vec<&str>, Vec<&str>) = keys.into_iter().unzip();
        Statement::new(&texts.existing, vec![Bind::texts(types), Bind::texts(keys)])
    }

    /// What [`existing`](Self::existing) gave.
    pub(crate) fn found(&mut self, holders: &[Holder]) {
        let holders: HashMap<(&str, &str), JobId> =
            holders.iter().map(|it| ((&*it.type_name, &*it.key), it.id)).collect();
        for (job, answer) in self.jobs.iter().zip(&mut self.answers).filter(|(_, it)| it.is_none()) {
            *answer = typed_key(job).and_then(|it| holders.get(&it)).copied().map(AcquiredId::Existing);
        }
    }

    /// The answers, in the order of the jobs; `None` if some are open.
    pub(crate) fn answers(&self) -> Option<Vec<AcquiredId>> {
        self.answers.iter().copied().collect()
    }

    fn open(&self) -> impl Iterator<Item = &NewJob> {
        self.jobs.iter().zip(&self.answers).filter(|(_, it)| it.is_none()).map(|(job, _)| job)
    }
}

fn typed_key(job: &NewJob) -> Option<(&str, &str)> {
    key(job).map(|key| (job.type_name.as_str(), key))
}

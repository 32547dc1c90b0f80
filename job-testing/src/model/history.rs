//! What the actors of a history know: their hands, and what they sent before. Turns plans into arguments of calls.

use super::{
    deed::Deed,
    op::{ClaimPlan, FilterPlan, Insertion, NotePlan, Prune},
    pool,
    table::Model,
};
use crate::factory;
use job_core::{
    About, ActorId, Change, Clock, Job, JobId, JobStatus, NewJob, Note, Progress, Start, Text, Timestamp,
    Turn, Unique, UniqueScope,
    store::{Claim, Deletion, Filter, Held, LockRequest},
};
use std::{num::NonZeroU32, time::Duration};

/// More than a history has of anything.
pub(super) const ALL: NonZeroU32 = NonZeroU32::new(100_000).expect("not zero");

/// The actors' side of a history.
#[derive(Debug)]
pub(super) struct History {
    pub(super) now: Timestamp,
    pub(super) hands: [Vec<Job>; 2],
    /// The batches of inserts and of changes, as they were sent.
    pub(super) inserts: Vec<Vec<NewJob>>,
    pub(super) sent: Vec<Vec<Change>>,
    /// Every id that was stored, also those of jobs that are gone.
    pub(super) ids: Vec<JobId>,
    /// The last id that was minted.
    pub(super) minted: Option<JobId>,
}

impl History {
    pub(super) fn new() -> Self {
        let hands = [Vec::new(), Vec::new()];
        let (inserts, sent, ids) = (Vec::new(), Vec::new(), Vec::new());
        Self { now: factory::noon(), hands, inserts, sent, ids, minted: None }
    }

    pub(super) fn clock(&self) -> Clock {
        Clock::At(self.now)
    }

    pub(super) fn after(&self, micros: i8) -> Timestamp {
        Timestamp::from_micros(self.now.as_micros() + i64::from(micros))
    }

    /// Reads every job into a hand: the running ones first, then those that ended, because most can be done to them.
    pub(super) fn look(&mut self, hand: usize, model: &Model) {
        self.hands[hand] = model.jobs.clone();
        self.hands[hand].sort_by_key(|it| (it.state.lease().is_none(), it.state.date_finished().is_none()));
    }

    /// A job that was stored once.
    pub(super) fn id(&self, n: usize) -> Option<JobId> {
        self.ids.get(n % self.ids.len().max(1)).copied()
    }

    fn ids(&self, numbers: &[usize]) -> Vec<JobId> {
        numbers.iter().filter_map(|n| self.id(*n)).collect()
    }

    /// An earlier batch of inserts. Jobs that were deleted since begin a second life.
    pub(super) fn inserted_before(&self, n: usize) -> Vec<NewJob> {
        self.inserts.get(n % self.inserts.len().max(1)).cloned().unwrap_or_default()
    }

    /// An earlier batch of changes.
    pub(super) fn changed_before(&self, n: usize) -> Vec<Change> {
        self.sent.get(n % self.sent.len().max(1)).cloned().unwrap_or_default()
    }

    pub(super) fn changes(&self, hand: usize, by: ActorId, deeds: &[Deed]) -> Vec<Change> {
        deeds.iter().filter_map(|it| it.change(&self.hands[hand], by, self.now)).collect()
    }

    /// Those changes that an exchange takes: of running jobs, and taking no key back.
    pub(super) fn settlements(&self, hand: usize, by: ActorId, deeds: &[Deed]) -> Vec<Change> {
        let runs = |id| self.hands[hand].iter().any(|it| it.id == id && it.state.lease().is_some());
        let mut changes = self.changes(hand, by, deeds);
        changes.retain(|it| runs(it.id) && !it.takes_key);
        changes
    }

    /// Jobs to be inserted; of two in a batch the later may have the id of the earlier.
    pub(super) fn new_jobs(
        &self,
        plans: &[Insertion],
        model: &Model,
        mut mint: impl FnMut() -> JobId,
    ) -> Vec<NewJob> {
        let mut known: Vec<JobId> = model.jobs.iter().map(|it| it.id).collect();
        let mut jobs = Vec::new();
        for plan in plans {
            let taken = plan.id_of.and_then(|n| known.get(n % known.len().max(1))).copied();
            let id = taken.unwrap_or_else(&mut mint);
            known.push(id);
            jobs.push(self.new_job(plan, id));
        }
        jobs
    }

    fn new_job(&self, plan: &Insertion, id: JobId) -> NewJob {
        let type_name = pool::type_name(plan.type_name);
        let unique = plan.unique.map(|(key, scope)| Unique {
            key: pool::key(key),
            scope: UniqueScope::ALL[usize::from(scope) % UniqueScope::ALL.len()],
        });
        let turn = match plan.turn {
            0 => None,
            1 => unique.as_ref().map(|it| Turn::of_key(&type_name, &it.key)),
            n => Some(pool::turn(n)),
        };
        let (kind, micros) = plan.start;
        let start = match kind {
            0 => Start::Now,
            1 => Start::In(Duration::from_micros(micros.into())),
            _ => Start::At(self.now.before(Duration::from_micros(5)) + Duration::from_micros(micros.into())),
        };
        NewJob {
            type_name,
            args: pool::args(plan.tags),
            priority: plan.priority,
            target: plan.target.and_then(pool::target),
            tags: pool::chosen(plan.tags, [0, 1].into_iter().filter_map(pool::tag)),
            unique,
            turn,
            max_retries: plan.max_retries.into(),
            queue: pool::queue(plan.queue),
            start,
            ..factory::job(id)
        }
    }

    pub(super) fn claim(&self, plan: &ClaimPlan) -> Claim {
        Claim {
            by: factory::actor(plan.by.into()),
            queue: pool::queue(plan.queue),
            types: pool::chosen(plan.types, (0..pool::TYPES).map(pool::type_name)),
            limit: some(plan.limit),
            lease: Duration::from_micros(plan.lease.into()),
            due_by: plan.due_by.map(|it| self.after(it)),
            clock: self.clock(),
        }
    }

    /// The leases of the jobs that run in a hand, and one that does not. The same job twice reports the same.
    pub(super) fn held(&self, hand: usize, jobs: &[usize], progress: u8) -> Vec<Held> {
        let hand = &self.hands[hand];
        let some = hand.iter().filter(|it| it.state.lease().is_some()).count() + 1;
        let reports = |n: usize| progress >> (n % 8) & 1 == 1;
        let held = |n: usize, job: &Job| Held {
            id: job.id,
            revision: job.state.revision(),
            progress: reports(n).then(|| Progress::percent(progress).saying(n)),
        };
        let numbers = jobs.iter().map(|n| n % some);
        numbers.filter_map(|n| Some(held(n, hand.get(n)?))).collect()
    }

    pub(super) fn filter(&self, plan: &FilterPlan) -> Filter {
        let range = |(from, to)| Some(self.id(from)?..=self.id(to)?);
        Filter {
            ids: plan.ids.as_ref().map(|it| self.ids(it)),
            id_range: plan.id_range.and_then(range),
            types: plan.types.map(|it| pool::chosen(it, (0..pool::TYPES).map(pool::type_name))),
            queues: plan.queues.map(|it| pool::chosen(it, (0..pool::QUEUES).map(pool::queue))),
            statuses: plan.statuses.map(|it| pool::chosen(it, JobStatus::ALL)),
            target: plan.target.and_then(pool::target),
            tag: plan.tag.and_then(pool::tag),
            ready_at: plan.ready_at.map(|it| self.after(it)),
        }
    }

    pub(super) fn deletion(&self, jobs: &[usize]) -> Deletion {
        Deletion::Ids(self.ids(jobs))
    }

    pub(super) fn prune(&self, plan: &Prune) -> Deletion {
        Deletion::Final {
            before: self.after(plan.before),
            statuses: pool::chosen(plan.statuses, JobStatus::ALL),
            types: plan.types.map(|it| pool::chosen(it, (0..pool::TYPES).map(pool::type_name))),
            limit: some(plan.limit),
            keep_newest: plan.keep_newest.map(some),
        }
    }

    pub(super) fn lock(&self, name: u8, by: u8, lease: u8) -> LockRequest {
        LockRequest {
            name: pool::lock(name),
            by: factory::actor(by.into()),
            holder: Text::new(format_args!("process {by}")),
            lease: Duration::from_micros(lease.into()),
            clock: self.clock(),
        }
    }

    pub(super) fn about(&self, plan: &NotePlan) -> About {
        pool::about(plan.about, self.id(plan.job))
    }

    pub(super) fn note(&self, plan: &NotePlan) -> Note {
        pool::note(self.about(plan), plan.body, self.now)
    }
}

/// At least one.
pub(super) fn some(n: u8) -> NonZeroU32 {
    NonZeroU32::new(n.into()).unwrap_or(NonZeroU32::MIN)
}

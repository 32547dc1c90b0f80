//! The waiting jobs by queue, type and place: the index that claims and lists of ready jobs walk along.

use job_core::{Job, JobId, QueueName, Timestamp, Turn, TypeName};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BinaryHeap, binary_heap::PeekMut, btree_map},
    ops::Bound,
};

/// See [`Job::place`].
pub(crate) type Place = (i32, Timestamp, JobId);

/// The waiting jobs of one type in one queue, with their turns, so that a claim reads no rows it does not take.
type Lane = BTreeMap<Place, Option<Turn>>;

/// The waiting jobs.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    queues: BTreeMap<QueueName, BTreeMap<TypeName, Lane>>,
}

impl Waiting {
    pub(crate) fn add(&mut self, job: &Job) {
        let queue = self.queues.entry(job.state.queue().clone()).or_default();
        let lane = queue.entry(job.spec.type_name.clone()).or_default();
        lane.insert(job.place(), job.spec.turn.clone());
    }

    pub(crate) fn remove(&mut self, job: &Job) {
        let queue = self.queues.get_mut(job.state.queue());
        if let Some(lane) = queue.and_then(|it| it.get_mut(&job.spec.type_name)) {
            lane.remove(&job.place());
        }
    }

    /// The queues that have or had waiting jobs, by name.
    pub(crate) fn queues(&self) -> impl Iterator<Item = &QueueName> {
        self.queues.keys()
    }

    /// The waiting jobs of `queue` whose type is `wanted`, in the order of their places, `after` a place, due
    /// `by` a time.
    pub(crate) fn walk(
        &self,
        queue: &QueueName,
        wanted: impl Fn(&TypeName) -> bool,
        after: Option<Place>,
        by: Timestamp,
    ) -> Walk<'_> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let lanes = self.queues.get(queue).into_iter().flatten().filter(|(type_name, _)| wanted(type_name));
        let heads = lanes.filter_map(|(_, lane)| {
            let mut rest = Steps { lane, rest: lane.range((from, Bound::Unbounded)), by };
            let (place, turn) = rest.next()?;
            Some(Head { place, turn, rest })
        });
        Walk { heads: heads.collect() }
    }
}

/// Several lanes merged by place.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    heads: BinaryHeap<Head<'a>>,
}

/// The first of a lane; the greatest is the one with the least place.
#[derive(Debug)]
struct Head<'a> {
    place: Place,
    turn: Option<&'a Turn>,
    rest: Steps<'a>,
}

impl<'a> Iterator for Walk<'a> {
    type Item = (Place, Option<&'a Turn>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut head = self.heads.peek_mut()?;
        let first = (head.place, head.turn);
        match head.rest.next() {
            Some((place, turn)) => (head.place, head.turn) = (place, turn),
            None => drop(PeekMut::pop(head)),
        }
        Some(first)
    }
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.place.cmp(&self.place)
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Head<'_> {}

/// One lane, its jobs that are not due left out.
#[derive(Debug)]
struct Steps<'a> {
    lane: &'a Lane,
    rest: btree_map::Range<'a, Place, Option<Turn>>,
    by: Timestamp,
}

impl<'a> Iterator for Steps<'a> {
    type Item = (Place, Option<&'a Turn>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (place, turn) = self.rest.next()?;
            let (rank, start, _) = *place;
            if start <= self.by {
                return Some((*place, turn.as_ref()));
            }
            // All that follows at this priority starts later still, be it a million jobs: on to the next one.
            self.rest = self.lane.range((rank + 1, Timestamp::MIN, *JobId::BOUNDS.start())..);
        }
    }
}

//! The handlers of a run: so many at a time, in the order in which they came.

use crate::{
    Place,
    attempt::{attempts::Attempts, running::Running, seats::Seats},
};
use job_core::BoxFuture;
use parking_lot::{Mutex, MutexGuard};
use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Weak},
};

/// Gives slots to handlers, and lets the others wait in line.
///
/// A handler has a slot from its start to its end. One that is given up and runs on, a zombie, keeps its seat on the
/// threads, but its slot is given to the next in line, for as many zombies at a time as are replaced.
#[derive(Debug)]
pub(crate) struct Handlers {
    seats: Seats,
    /// The most zombies at a time whose slots are given to others.
    replaced_most: usize,
    line: Mutex<Line>,
    this: Weak<Self>,
}

struct Line {
    free: usize,
    waiting: VecDeque<Task>,
    /// Somebody is starting the first ones just now.
    advances: bool,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("free", &self.free).field("waiting", &self.waiting.len()).finish()
    }
}

/// An attempt, and what runs it.
pub(crate) struct Task {
    pub(crate) running: Arc<Running>,
    pub(crate) handler: BoxFuture<'static, ()>,
}

/// The right to run, until it is dropped; then the next in line starts.
#[derive(Debug)]
pub(crate) struct Slot(Weak<Handlers>);

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(handlers) = self.0.upgrade() {
            let mut line = handlers.line.lock();
            line.free += 1;
            handlers.advance(line);
        }
    }
}

impl Handlers {
    /// `slots` slots in `place`, on as many as `threads` threads. Called on the runtime that runs the script.
    pub(crate) fn new(
        place: Place,
        slots: usize,
        threads: usize,
        replaced_most: usize,
    ) -> io::Result<Arc<Self>> {
        let seats = Seats::new(place, slots, threads, replaced_most)?;
        let line = Mutex::new(Line { free: slots, waiting: VecDeque::new(), advances: false });
        Ok(Arc::new_cyclic(|this| Self { seats, replaced_most, line, this: this.clone() }))
    }

    /// Starts `tasks`, each once it is first in line and a slot is free.
    pub(crate) fn admit(&self, tasks: Vec<Task>) {
        let mut line = self.line.lock();
        line.waiting.extend(tasks);
        self.advance(line);
    }

    /// How many would start at once.
    pub(crate) fn free(&self) -> usize {
        let line = self.line.lock();
        line.free.saturating_sub(line.waiting.len())
    }

    /// Whether nothing new would find a thread, since zombies hold all there may be.
    pub(crate) fn are_stuck(&self) -> bool {
        self.seats.are_stuck()
    }

    /// Looks after the zombies: gives their slots to others, and gives up the attempts that wait for threads that only
    /// zombies hold.
    pub(crate) fn look(&self, attempts: &Attempts) -> Vec<Arc<Running>> {
        let (kept, replaced): (Vec<_>, Vec<_>) = attempts.zombies().into_iter().partition(|it| it.has_slot());
        let room = self.replaced_most.saturating_sub(replaced.len());
        let waiting = self.seats.look(attempts);
        kept.iter().take(room).for_each(|it| drop(it.give_slot()));
        waiting
    }

    /// Starts those who are first in line, until there is no slot or nobody left.
    ///
    /// One at a time does this, and for all who come meanwhile: a task that is spawned on a runtime that shuts down is
    /// dropped on the spot, and so is its slot.
    fn advance<'a>(&'a self, mut line: MutexGuard<'a, Line>) {
        if line.advances {
            return;
        }
        loop {
            let first = line.take_first();
            line.advances = !first.is_empty();
            drop(line);
            if first.is_empty() {
                return;
            }
            let seats = self.seats.take(first.len());
            let seated = first.into_iter().zip(seats).filter_map(|(Task { running, handler }, seat)| {
                let group = seat.group();
                running.sit(Slot(self.this.clone()), seat).then_some((group, handler))
            });
            self.seats.spawn(seated.collect());
            line = self.line.lock();
        }
    }
}

impl Line {
    /// As many as there are slots free, without those that were given up while they waited.
    fn take_first(&mut self) -> Vec<Task> {
        let mut first = Vec::new();
        while self.free > 0 {
            let Some(task) = self.waiting.pop_front() else { break };
            if !task.running.is_decided() {
                self.free -= 1;
                first.push(task);
            }
        }
        first
    }
}

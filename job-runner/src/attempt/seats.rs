//! The threads that handlers run on, and the seats that they take there.

use crate::{
    Place,
    attempt::{attempts::Attempts, running::Running},
};
use job_core::BoxFuture;
use parking_lot::Mutex;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};
use tokio::runtime::{Builder, Handle, Runtime};
use tracing::{error, warn};

/// The most threads of a group, but for the one that it has beyond its share. Some hundreds cost an idle runtime
/// nothing, and finding work among more of them would cost more than another runtime.
const THREADS_MOST: usize = 256;

/// The runtime of the runner, or groups of threads of their own.
///
/// A section may have fewer threads than slots; if it does not, a handler that blocks or spins holds up no other: there
/// is a thread for each, and in each group one more, which drives the timers and the connections that were opened there.
/// A zombie keeps its seat until it is gone. Groups are opened when they are needed.
#[derive(Debug)]
pub(crate) struct Seats {
    /// What each group has.
    seats: usize,
    threads: usize,
    /// The most groups: those for all slots, and those that take in what stands in for zombies.
    groups_most: usize,
    groups: Mutex<Vec<Group>>,
}

#[derive(Debug)]
struct Group {
    runtime: Threads,
    taken: Arc<AtomicUsize>,
    /// Zombies hold all its threads. Only with more seats than threads.
    stuck: bool,
}

#[derive(Debug)]
enum Threads {
    /// The runtime that runs the script.
    Here(Handle),
    Own(Runtime),
}

/// A handler's place in a group, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    group: usize,
    taken: Arc<AtomicUsize>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, SeqCst);
    }
}

impl Seat {
    pub(crate) fn group(&self) -> usize {
        self.group
    }
}

impl Seats {
    /// Room in `place` for `slots` handlers on `threads` threads, and for as many more as there are zombies whose slots are
    /// given to others, `replaced_most` of them. Called on the runtime that runs the script.
    pub(crate) fn new(place: Place, slots: usize, threads: usize, replaced_most: usize) -> io::Result<Self> {
        let threads = threads.min(slots);
        let groups = threads.div_ceil(THREADS_MOST);
        let (seats, share) = (slots.div_ceil(groups), threads.div_ceil(groups));
        let threads = share + 1;
        let first = match place {
            Place::Here => Group::new(Threads::Here(Handle::current())),
            Place::Threads => Group::own(threads)?,
        };
        let groups_most = groups + replaced_most.div_ceil(share);
        Ok(Self { seats, threads, groups_most, groups: Mutex::new(vec![first]) })
    }

    /// Seats for `count` handlers, one after the other; opens another group where one is needed.
    pub(crate) fn take(&self, count: usize) -> Vec<Seat> {
        let mut groups = self.groups.lock();
        (0..count).map(|_| self.take_one(&mut groups)).collect()
    }

    fn take_one(&self, groups: &mut Vec<Group>) -> Seat {
        let group = groups.iter().position(|it| it.has_room(self.seats)).unwrap_or_else(|| {
            let another = (groups.len() < self.groups_most).then(|| Group::own(self.threads));
            match another.transpose() {
                Ok(another) => groups.extend(another),
                Err(error) => {
                    error!(error = &error as &dyn std::error::Error, "No more threads for handlers.");
                }
            }
            // One too many there waits for its turn.
            groups.iter().rposition(|it| !it.stuck).unwrap_or(groups.len() - 1)
        });
        let taken = groups[group].taken.clone();
        taken.fetch_add(1, SeqCst);
        Seat { group, taken }
    }

    /// Whether zombies hold all threads there may be.
    pub(crate) fn are_stuck(&self) -> bool {
        let groups = self.groups.lock();
        groups.len() == self.groups_most && groups.iter().all(|it| it.stuck)
    }

    /// Starts `tasks` in their groups.
    pub(crate) fn spawn(&self, tasks: Vec<(usize, BoxFuture<'static, ()>)>) {
        let mut tasks = tasks.into_iter().peekable();
        while let Some((group, task)) = tasks.next() {
            let mut batch = vec![task];
            while let Some((_, task)) = tasks.next_if(|it| it.0 == group) {
                batch.push(task);
            }
            // Not under the lock: a task may be dropped on the spot, and with it its seat.
            let (handle, here) = self.groups.lock()[group].handle();
            if here {
                batch.into_iter().for_each(|it| drop(handle.spawn(it)));
            } else {
                // From inside, a task costs no lock and wakes no thread that is awake.
                handle.spawn(async { batch.into_iter().for_each(|it| drop(tokio::spawn(it))) });
            }
        }
    }

    /// Looks whether zombies hold all threads of a group. Gives up the attempts that wait for a thread there: they
    /// have to go elsewhere.
    pub(crate) fn look(&self, attempts: &Attempts) -> Vec<Arc<Running>> {
        let zombies = attempts.zombies();
        let mut stuck = Vec::new();
        for (number, group) in self.groups.lock().iter_mut().enumerate() {
            let holds = |it: &&Arc<Running>| it.holds_thread() && it.group() == Some(number);
            let holders = zombies.iter().filter(holds).count();
            let was = std::mem::replace(
                &mut group.stuck,
                holders >= self.threads && matches!(group.runtime, Threads::Own(_)),
            );
            if group.stuck && !was {
                warn!(zombies = holders, "Handlers that ran out of time hold every thread of a group.");
                stuck.push(number);
            }
        }
        let in_stuck = |group: Option<usize>| group.is_some_and(|it| stuck.contains(&it));
        if stuck.is_empty() { Vec::new() } else { attempts.give_up_queued(in_stuck) }
    }
}

impl Group {
    fn new(runtime: Threads) -> Self {
        Self { runtime, taken: Arc::default(), stuck: false }
    }

    fn own(threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("job-handler")
            .enable_all()
            .build()?;
        Ok(Self::new(Threads::Own(runtime)))
    }

    /// How to spawn on its threads, and whether they are those of the runner.
    fn handle(&self) -> (Handle, bool) {
        match &self.runtime {
            Threads::Here(handle) => (handle.clone(), true),
            Threads::Own(runtime) => (runtime.handle().clone(), false),
        }
    }

    fn has_room(&self, seats: usize) -> bool {
        match self.runtime {
            Threads::Here(_) => true,
            Threads::Own(_) => !self.stuck && self.taken.load(SeqCst) < seats,
        }
    }
}

impl Drop for Seats {
    /// Waits for nobody: a handler that spins would hold up the end for ever.
    fn drop(&mut self) {
        for group in self.groups.get_mut().drain(..) {
            if let Threads::Own(runtime) = group.runtime {
                runtime.shutdown_background();
            }
        }
    }
}

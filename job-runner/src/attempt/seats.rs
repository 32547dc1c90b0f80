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

/// The most threads of a group, whatever the number of slots.
const THREADS_MOST: usize = 32;

/// The most groups: the first, and those that take in what it has no room for while zombies keep their seats.
const GROUPS_MOST: usize = 4;

/// The runtime of the runner, or groups of threads of their own.
///
/// A group seats as many handlers as there are slots, and a zombie keeps its seat until it is gone. So with up to 32
/// slots a handler always finds a thread that nobody holds.
#[derive(Debug)]
pub(crate) struct Seats {
    slots: usize,
    threads: usize,
    groups: Mutex<Vec<Group>>,
}

#[derive(Debug)]
struct Group {
    runtime: Threads,
    taken: Arc<AtomicUsize>,
    /// Zombies hold all its threads: with more seats than threads, that may be so while seats are free.
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
    /// Room for `slots` handlers in `place`. Called on the runtime that runs the script.
    pub(crate) fn new(place: Place, slots: usize) -> io::Result<Self> {
        let threads = slots.min(THREADS_MOST);
        let first = match place {
            Place::Here => Group::new(Threads::Here(Handle::current())),
            Place::Threads => Group::own(threads)?,
        };
        Ok(Self { slots, threads, groups: Mutex::new(vec![first]) })
    }

    /// Seats for `count` handlers, one after the other; opens another group where one is needed.
    pub(crate) fn take(&self, count: usize) -> Vec<Seat> {
        let mut groups = self.groups.lock();
        (0..count).map(|_| self.take_one(&mut groups)).collect()
    }

    fn take_one(&self, groups: &mut Vec<Group>) -> Seat {
        let group = groups.iter().position(|it| it.has_room(self.slots));
        let group = group.unwrap_or_else(|| {
            let another = (groups.len() < GROUPS_MOST).then(|| Group::own(self.threads));
            match another.transpose() {
                Ok(another) => groups.extend(another),
                Err(error) => {
                    error!(error = &error as &dyn std::error::Error, "No more threads for handlers.");
                }
            }
            groups.len() - 1
        });
        let taken = groups[group].taken.clone();
        taken.fetch_add(1, SeqCst);
        Seat { group, taken }
    }

    /// Whether nothing new would find a thread.
    pub(crate) fn are_full(&self) -> bool {
        let groups = self.groups.lock();
        groups.len() == GROUPS_MOST && !groups.iter().any(|it| it.has_room(self.slots))
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

    fn has_room(&self, slots: usize) -> bool {
        match self.runtime {
            Threads::Here(_) => true,
            Threads::Own(_) => !self.stuck && self.taken.load(SeqCst) < slots,
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

//! The threads that handlers run on.

use crate::{Place, running::Running};
use parking_lot::Mutex;
use std::{
    io,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};
use tokio::runtime::{Builder, Handle, Runtime};
use tracing::{error, warn};

/// The most threads of a group, whatever the number of slots.
const THREADS_MOST: usize = 32;

/// The most groups: the first, and those that stand in when every thread of the one before is held by a zombie.
const GROUPS_MOST: usize = 4;

/// Where handlers run: the runtime of the script, or groups of threads of their own.
#[derive(Debug)]
pub(crate) struct Handlers {
    threads: usize,
    groups: Mutex<Vec<Group>>,
    /// Zombies hold every thread, and no further group can be opened.
    full: AtomicBool,
}

#[derive(Debug)]
enum Group {
    /// The runtime that runs the script.
    Here(Handle),
    Own(Runtime),
}

impl Handlers {
    /// Room for `slots` handlers in `place`. Called on the runtime that runs the script.
    pub(crate) fn new(place: Place, slots: NonZeroU32) -> io::Result<Self> {
        let threads = usize::try_from(slots.get()).unwrap_or(THREADS_MOST).min(THREADS_MOST);
        let first = match place {
            Place::Here => Group::Here(Handle::current()),
            Place::Threads => Group::own(threads)?,
        };
        Ok(Self { threads, groups: Mutex::new(vec![first]), full: AtomicBool::new(false) })
    }

    /// The group that new handlers run on.
    pub(crate) fn group(&self) -> usize {
        self.groups.lock().len() - 1
    }

    /// Starts `tasks`, all on the newest group.
    pub(crate) fn spawn<F>(&self, tasks: Vec<F>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match self.groups.lock().last() {
            Some(Group::Own(runtime)) if tasks.len() > 1 => {
                // From inside, a task costs no lock and wakes no thread that is awake.
                runtime.spawn(async { tasks.into_iter().for_each(|it| drop(tokio::spawn(it))) });
            }
            Some(Group::Own(runtime)) => tasks.into_iter().for_each(|it| drop(runtime.spawn(it))),
            Some(Group::Here(handle)) => tasks.into_iter().for_each(|it| drop(handle.spawn(it))),
            None => {}
        }
    }

    /// Whether nothing new would ever start.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(SeqCst)
    }

    /// Opens another group if `zombies` hold every thread of the newest one. Tasks that wait in the old one stay
    /// there, and are released when their time is up without a start.
    pub(crate) fn make_room(&self, zombies: &[Arc<Running>]) {
        let mut groups = self.groups.lock();
        let newest = groups.len() - 1;
        let held = zombies.iter().filter(|it| it.group == newest && it.holds_thread()).count();
        if held < self.threads || matches!(groups.last(), Some(Group::Here(_))) {
            self.full.store(false, SeqCst);
            return;
        }
        let another = if groups.len() < GROUPS_MOST { Group::own(self.threads).ok() } else { None };
        self.full.store(another.is_none(), SeqCst);
        match another {
            Some(another) => {
                warn!(zombies = held, "Handlers that ran out of time hold every thread; starting others.");
                groups.push(another);
            }
            None => error!(zombies = held, "Handlers that ran out of time hold every thread there can be."),
        }
    }
}

impl Group {
    fn own(threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("job-handler")
            .enable_all()
            .build()?;
        Ok(Self::Own(runtime))
    }
}

impl Drop for Handlers {
    /// Waits for nobody: a handler that spins would hold up the end for ever.
    fn drop(&mut self) {
        for group in self.groups.get_mut().drain(..) {
            if let Group::Own(runtime) = group {
                runtime.shutdown_background();
            }
        }
    }
}

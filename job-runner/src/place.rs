//! Where the loops of a runner live.

/// Where the loops of a runner live, and on which threads handlers run.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Place {
    /// Handlers on runtimes of their own, with a thread for each handler at a time, or as many as the section says
    /// ([`SectionSettings::threads`](crate::SectionSettings::threads)): one that spins or blocks costs one of them until
    /// its time is up; then it is a zombie, and others have threads in its stead. The heart on a thread of its own, with
    /// its own handle of the store where it needs one ([`Opened::again`](job_core::store::Opened::again)). Fetching and
    /// settling on the runtime that runs the script or worker, which should do nothing else. Production.
    #[default]
    Threads,
    /// Everything is a task of the runtime that runs the script or worker: tests, in paused time too, and simulation.
    Here,
}

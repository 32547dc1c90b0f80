//! One attempt at one job, in a test's hands.

use crate::{
    BuildError, PerformError, Performed, Registry,
    attempt::{
        call::Call,
        ending::Ending,
        judge::Judge,
        running::{Running, Told},
    },
    clock::{self, RunnerClock},
    entry::{Entry, Terms},
    testing::{ground::Ground, listener::Listener, set_aside::SetAside},
};
use job_core::{
    Clock, Job, JobId, JobSource, JobStatus, JobType, Notice, Outcome, Reply,
    store::{JobStoreExt, Opened},
};
use std::{fmt, pin::pin, sync::Arc, time::Duration};
use tokio::time::timeout_at;

/// The least that a lease lasts.
const LEASE: Duration = Duration::from_secs(30);

/// Makes one attempt at one job, in the task of a test, and says what became of it.
///
/// The attempt is a real one: the job is claimed, whatever else waits, its handler runs, and its end is judged and stored.
/// What comes around an attempt is left out: no other job is looked at, nothing is logged but what the handler logs, no
/// hook is called, no report is sent and nobody is told.
///
/// ```
/// # use job_core::{Ask, Attempt, BoxError, JobStatus, RunnableJob};
/// # use job_store_mem::MemStore;
/// # use std::time::Duration;
/// use job_runner::{Perform, Registry};
///
/// # #[derive(serde::Serialize, serde::Deserialize)]
/// # struct Greet { name: String }
/// # impl RunnableJob for Greet {
/// #     const TYPE: &'static str = "greet";
/// #     type Error = BoxError;
/// #     async fn run(self, attempt: Attempt) -> Result<(), BoxError> {
/// #         if attempt.number() < 3 { Err(Ask::RetryIn(Duration::from_secs(60)))? }
/// #         Ok(())
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), BoxError> {
/// # let opened = MemStore::new().opened();
/// let perform = Perform::new(opened, Registry::new().register::<Greet>(), ())?;
/// let second = perform.attempt(2).job(&Greet { name: "Zoë".to_owned() }).await?;
/// assert_eq!(second.asked(), Some(&Ask::RetryIn(Duration::from_secs(60))));
///
/// let third = perform.attempt(3).id(second.job.id).await?;
/// assert_eq!(third.status(), JobStatus::Completed);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Perform<C> {
    ground: Ground<C>,
    attempt: Option<u32>,
    stopped: bool,
}

impl<C> fmt::Debug for Perform<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Perform").field("registry", &self.ground.registry).finish_non_exhaustive()
    }
}

impl<C: Clone + Send + Sync + 'static> Perform<C> {
    /// Over jobs of `opened`, each with a clone of `context`.
    ///
    /// # Errors
    ///
    /// [`BuildError`], by what has to be changed.
    pub fn new(
        opened: Opened,
        registry: impl Into<Arc<Registry<C>>>,
        context: C,
    ) -> Result<Self, BuildError> {
        Ok(Self { ground: Ground::new(opened, registry, context)?, attempt: None, stopped: false })
    }

    /// The same, but each attempt counts as this one of its job, from 1; by default as the one after those that were.
    #[must_use]
    pub fn attempt(&self, number: u32) -> Self {
        Self { attempt: Some(number.max(1)), ..self.clone() }
    }

    /// The same, but handlers are told to stop from the beginning, as by a runner that shuts down; one that fails then is
    /// given back with its attempt.
    #[must_use]
    pub fn told_to_stop(&self) -> Self {
        Self { stopped: true, ..self.clone() }
    }

    /// Creates `job`, and makes an attempt at it.
    ///
    /// # Errors
    ///
    /// [`PerformError`], if it cannot be created or started. An attempt that fails is no error.
    pub async fn job<J: JobType<K>, K>(&self, job: &J) -> Result<Performed, PerformError> {
        let opened = &self.ground.opened;
        let source = JobSource::<J>::new(opened.store.clone()).by_clock(opened.clock);
        self.id(source.create(job).await?.id).await
    }

    /// Makes an attempt at the job with this id, which must wait; whenever it is scheduled for.
    ///
    /// # Errors
    ///
    /// [`PerformError`], if it cannot be started. An attempt that fails is no error.
    pub async fn id(&self, id: JobId) -> Result<Performed, PerformError> {
        let Ground { opened, registry, .. } = &self.ground;
        let store = &opened.store;
        let job = store.get(id).await?.ok_or(PerformError::NotFound { id })?;
        let status = job.state.status();
        if status != JobStatus::Waiting {
            return Err(PerformError::NotWaiting { id, status });
        }
        let type_name = &job.spec.type_name;
        let entry = registry.get(type_name);
        let entry =
            entry.ok_or_else(|| PerformError::NotRegistered { id, type_name: type_name.clone() })?.clone();
        let (by, now) = (clock::actor(), store.time(opened.clock).await?);
        let lease = entry.timeout.max(LEASE);
        let aside = SetAside { store, job: &job, by, now };
        let Some(claimed) = aside.claim(lease, self.attempt).await? else {
            return Err(PerformError::NotStarted { id });
        };
        let clock = Arc::new(RunnerClock::new(Clock::At(now)));
        let listener = Arc::new(Listener::new(Running::new(claimed, entry.timeout, clock.clone())));
        let terms = Terms { by, store: opened.scheme, delete_completed: false };
        let ended = self.run(&entry, terms, clock.clone(), &listener).await;
        let (running, progress) = (&listener.running, listener.take_progress());
        let lines = running.take_lines();
        let logged = lines.iter().filter_map(|it| it.body.decode().ok()).collect();
        opened.notes.append(&lines).await?;
        let Ending { outcome, cause, .. } = ended.clone().unwrap_or(Outcome::Done.into());
        let judge = Judge::new(registry.clone(), clock, by, u32::MAX, false);
        let Settled { reply, notice } = self.settle(&judge, running, ended).await?;
        let after = store.get(id).await?;
        let job = Job::clone(&running.job);
        Ok(Performed { job, outcome, errors: cause.errors, notice, reply, after, logged, progress, at: now })
    }

    /// Runs the handler for as long as a runner would let it; `None` if it has completed its job itself.
    async fn run(
        &self,
        entry: &Entry<C>,
        terms: Terms,
        clock: Arc<RunnerClock>,
        listener: &Arc<Listener>,
    ) -> Option<Ending> {
        let running = &listener.running;
        running.start();
        if self.stopped {
            running.tell(Told::Stopping);
        }
        let (context, handle) = (&self.ground.context, listener.clone());
        let mut call = pin!(Call { entry, context, terms, clock, running, handle }.run());
        let ended = match timeout_at(running.deadline(), &mut call).await {
            Ok(ended) => ended,
            Err(_) => {
                running.tell(Told::TimeUp);
                let late = timeout_at(running.last_deadline(), call).await;
                late.unwrap_or_else(|_| Some(Outcome::TimedOut(entry.timeout).into()))
            }
        };
        let late = running.told() == Some(Told::TimeUp);
        ended.map(|it| if late && it.is_error() { it.out_of_time(running) } else { it })
    }

    async fn settle(
        &self,
        judge: &Judge<C>,
        running: &Running,
        ended: Option<Ending>,
    ) -> Result<Settled, PerformError> {
        let (job, store) = (running.job.clone(), &self.ground.opened.store);
        let id = job.id;
        let sentence = match ended {
            // As a runner, which writes nothing then: if the commit failed after all, the job runs until its lease ends.
            None => {
                let stored = store.get(id).await?.filter(|it| it.state.status() == JobStatus::Completed);
                let reply = if stored.is_some() { Reply::AlreadyApplied } else { Reply::Stale };
                return Ok(Settled { reply, notice: Notice::Quiet });
            }
            Some(ending) if ending.is_error() && self.stopped => judge.release(job),
            Some(ending) => judge.end(job, ending, None, Duration::ZERO),
        };
        let (change, judged) = sentence.ok_or(PerformError::NotStarted { id })?;
        loop {
            match store.apply(std::slice::from_ref(&change)).await?.pop() {
                None | Some(Reply::Busy) => tokio::task::yield_now().await,
                Some(reply) => return Ok(Settled { reply, notice: judged.notice }),
            }
        }
    }
}

/// What the store made of an end, and who is to hear of it.
struct Settled {
    reply: Reply,
    notice: Notice,
}

//! The script as tests use it: again and again, until nothing is left, and through time if asked.

use crate::{BuildError, DrainError, Place, Registry, RunReport, Script, SectionSettings};
use job_core::{
    Clock, JobStatus, QueueName, SectionName, Timestamp, TypeName,
    store::{Filter, JobStoreExt, Opened, Order, Page, StoreError},
};
use std::{collections::BTreeSet, fmt, num::NonZeroU32, sync::Arc, time::Duration};

/// How many rows are read at a time.
const PAGE: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");

/// The least by which a retry is later than the attempt.
const SHORTEST: Duration = Duration::from_micros(1);

type Dress<C> = Box<dyn FnMut(Script<C>) -> Script<C> + Send>;

/// Runs what is due in a test, one job at a time, most urgent first, on the test's own runtime.
///
/// It is a [`Script`] for all registered types, on any store, and whatever queue their jobs wait in. Each of its rounds
/// happens at one moment of the store's time, so that dates and delays can be told exactly.
///
/// ```
/// # use job_core::{Attempt, BoxError, JobSource, RunnableJob};
/// # use job_store_mem::MemStore;
/// # use std::time::Duration;
/// use job_runner::{Drain, Registry};
///
/// # #[derive(serde::Serialize, serde::Deserialize)]
/// # struct Greet { name: String }
/// # impl RunnableJob for Greet {
/// #     const TYPE: &'static str = "greet";
/// #     type Error = BoxError;
/// #     async fn run(self, attempt: Attempt) -> Result<(), BoxError> {
/// #         if attempt.number() < 3 { Err("nobody is there")? } else { Ok(()) }
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), BoxError> {
/// # let opened = MemStore::new().opened();
/// # JobSource::<Greet>::new(opened.store.clone()).create(&Greet { name: "Zoë".to_owned() }).await?;
/// // A job that fails twice: its retries come within the hour that passes.
/// let drain = Drain::new(opened, Registry::new().register::<Greet>(), ())?;
/// let report = drain.ahead(Duration::from_secs(3600)).run().await?;
/// assert_eq!(report.incomplete.values().sum::<u64>(), 2);
/// assert_eq!(report.completed.values().sum::<u64>(), 1);
/// # Ok(())
/// # }
/// ```
pub struct Drain<C> {
    opened: Opened,
    registry: Arc<Registry<C>>,
    context: C,
    settings: SectionSettings,
    again: bool,
    ahead: Duration,
    most: u64,
    dress: Dress<C>,
    tell: Box<dyn FnMut(Timestamp) + Send>,
}

impl<C> fmt::Debug for Drain<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain")
            .field("again", &self.again)
            .field("ahead", &self.ahead)
            .finish_non_exhaustive()
    }
}

impl<C: Clone + Send + Sync + 'static> Drain<C> {
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
        let registry = registry.into();
        let settings = SectionSettings::new(SectionName::new("test")?);
        Script::new(opened.clone(), registry.clone(), context.clone(), settings.clone())?;
        Ok(Self {
            opened,
            registry,
            context,
            settings,
            again: false,
            ahead: Duration::ZERO,
            most: 10_000,
            dress: Box::new(|script| script),
            tell: Box::new(|_| ()),
        })
    }

    /// Also runs what is created or falls due meanwhile, until nothing is.
    #[must_use]
    pub fn until_dry(self) -> Self {
        Self { again: true, ..self }
    }

    /// Lets this much time pass, and runs what falls due in it, each job at its own time. Nothing sleeps: the calls to
    /// the store say what time it is.
    #[must_use]
    pub fn ahead(self, time: Duration) -> Self {
        Self { again: true, ahead: time, ..self }
    }

    /// After this many attempts it is taken to have no end; ten thousand, if not said.
    #[must_use]
    pub fn at_most(self, attempts: u64) -> Self {
        Self { most: attempts, ..self }
    }

    /// Tells `clock` the time before each round, and when all time has passed: for a clock that the test or its handlers
    /// go by.
    #[must_use]
    pub fn telling(self, clock: impl FnMut(Timestamp) + Send + 'static) -> Self {
        Self { tell: Box::new(clock), ..self }
    }

    /// Runs with these settings, instead of those of [`SectionSettings::new`].
    #[must_use]
    pub fn settings(self, settings: SectionSettings) -> Self {
        Self { settings, ..self }
    }

    /// What else is said to the script of each round: a reporter, a notifier, a stop.
    #[must_use]
    pub fn each(self, script: impl FnMut(Script<C>) -> Script<C> + Send + 'static) -> Self {
        Self { dress: Box::new(script), ..self }
    }

    /// Runs, and gives the sum of all rounds.
    ///
    /// # Errors
    ///
    /// [`DrainError`], if a round could not run, or after too many attempts. A job that fails is no error.
    pub async fn run(mut self) -> Result<RunReport, DrainError> {
        let start = self.opened.store.time(self.opened.clock).await?;
        let end = start + self.ahead;
        let (mut now, mut total) = (start, RunReport::default());
        loop {
            (self.tell)(now);
            let round = self.round(now).await?;
            let idle = round.is_idle();
            add(&mut total, round);
            let started: u64 = total.completed.values().chain(total.incomplete.values()).sum();
            if started >= self.most {
                return Err(DrainError::Endless { attempts: started, report: Box::new(total) });
            }
            // A store's own clock has gone on.
            let late = self.opened.store.time(self.opened.clock).await?.max(now);
            let next =
                if self.again { self.next(now, idle, late, end.max(late + SHORTEST)).await? } else { None };
            match next {
                Some(next) => now = next,
                None => break,
            }
        }
        if now < end {
            (self.tell)(end);
        }
        Ok(total)
    }

    /// One script, for all that is due at `now`.
    async fn round(&mut self, now: Timestamp) -> Result<RunReport, DrainError> {
        let queues: BTreeSet<QueueName> = self.waiting().await?.into_iter().map(|it| it.0).collect();
        let settings = SectionSettings {
            queues: self.settings.queues.iter().cloned().chain(queues).collect(),
            limit: Some(self.settings.limit.unwrap_or(self.most).min(self.most)),
            ..self.settings.clone()
        };
        let opened = Opened { clock: Clock::At(now), ..self.opened.clone() };
        let script = Script::new(opened, self.registry.clone(), self.context.clone(), settings)?;
        Ok((self.dress)(script.place(Place::Here)).run().await?)
    }

    /// When there is something to start again, up to `end`. What a round at `now` that started nothing has left, such as
    /// a row that somebody holds locked, is not waited for.
    async fn next(
        &self,
        now: Timestamp,
        idle: bool,
        late: Timestamp,
        end: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let starts = self.waiting().await?.into_iter().map(|it| it.1.max(late));
        let times: BTreeSet<Timestamp> = starts.filter(|it| *it <= end && !(idle && *it == now)).collect();
        for at in times {
            let ready = Filter { types: Some(self.types()), ready_at: Some(at), ..Filter::default() };
            if self.opened.store.any(&ready).await? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// The queue and the scheduled start of every job that waits.
    async fn waiting(&self) -> Result<Vec<(QueueName, Timestamp)>, StoreError> {
        let filter = Filter {
            types: Some(self.types()),
            statuses: Some(vec![JobStatus::Waiting]),
            ..Filter::default()
        };
        let (mut page, mut waiting) = (Page::first(Order::Oldest, PAGE), Vec::new());
        loop {
            let listed = self.opened.store.list(&filter, &page).await?;
            let states = listed.rows.into_iter().flatten().map(|it| it.state);
            waiting.extend(states.map(|it| (it.queue().clone(), it.scheduled_start())));
            match listed.next {
                Some(next) => page.after = Some(next),
                None => return Ok(waiting),
            }
        }
    }

    fn types(&self) -> Vec<TypeName> {
        if self.settings.types.is_empty() { self.registry.type_names() } else { self.settings.types.clone() }
    }
}

/// Adds what a round did.
fn add(total: &mut RunReport, round: RunReport) {
    let RunReport { completed, incomplete, rescued, stale, gone, zombies } = round;
    completed.into_iter().for_each(|(name, count)| *total.completed.entry(name).or_default() += count);
    incomplete.into_iter().for_each(|(name, count)| *total.incomplete.entry(name).or_default() += count);
    total.rescued += rescued;
    total.stale += stale;
    total.gone += gone;
    total.zombies += zombies;
}

//! The script as tests use it: again and again, until nothing is left, and through time if asked.

use crate::{
    BuildError, DrainError, Place, Registry, RunReport, Script, SectionSettings,
    testing::{agenda::Agenda, failures, ground::Ground},
};
use job_core::{
    Clock, Timestamp, TypeName,
    store::{JobStoreExt, Opened, StoreError},
};
use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};

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
    ground: Ground<C>,
    settings: SectionSettings,
    again: bool,
    strict: bool,
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
        Ok(Self {
            ground: Ground::new(opened, registry, context)?,
            settings: SectionSettings::in_test(NonZeroU32::MIN)?,
            again: false,
            strict: false,
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

    /// Lets this much time pass, and runs what falls due in it, each job at its own time, those too whose runner died and
    /// whose lease ends. Nothing sleeps: the calls to the store say what time it is.
    #[must_use]
    pub fn ahead(self, time: Duration) -> Self {
        Self { again: true, ahead: time, ..self }
    }

    /// If there is more to do after this many attempts, it is taken to have no end; by default ten thousand.
    #[must_use]
    pub fn at_most(self, attempts: u64) -> Self {
        Self { most: attempts, ..self }
    }

    /// Ends with an error that says why, as soon as an attempt fails: for tests in which none may. What a job asks for is
    /// no failure.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { strict: true, ..self }
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

    /// What else is said to the script of each round: a reporter, a notifier, hooks, a stop.
    #[must_use]
    pub fn each(self, script: impl FnMut(Script<C>) -> Script<C> + Send + 'static) -> Self {
        Self { dress: Box::new(script), ..self }
    }

    /// Runs, and gives the sum of all rounds.
    ///
    /// # Errors
    ///
    /// [`DrainError`], if a round could not run, or there is no end. A job that fails is no error, unless it is
    /// [strict](Self::strict).
    pub async fn run(mut self) -> Result<RunReport, DrainError> {
        let opened = self.ground.opened.clone();
        let start = opened.store.time(opened.clock).await?;
        let end = start + self.ahead;
        let noted = failures::newest(&opened).await?;
        let (mut now, mut total, mut started) = (start, RunReport::default(), 0);
        loop {
            (self.tell)(now);
            let round = self.round(now, self.most - started).await?;
            let over = round.is_idle().then_some(now);
            add(&mut total, round);
            let failures = if self.strict { failures::since(&opened, noted).await? } else { Vec::new() };
            if !failures.is_empty() {
                return Err(DrainError::Failed { failures, report: Box::new(total) });
            }
            started = total.completed.values().chain(total.incomplete.values()).sum();
            // A store's own clock has gone on.
            let late = opened.store.time(opened.clock).await?.max(now);
            let next = self.agenda().await?.next(over, late, end.max(late + SHORTEST)).await?;
            match next {
                Some(_) if started >= self.most => {
                    return Err(DrainError::Endless { attempts: started, report: Box::new(total) });
                }
                Some(next) if self.again => now = next,
                _ => break,
            }
        }
        if now < end {
            (self.tell)(end);
        }
        Ok(total)
    }

    /// One script, for all that is due at `now`, but at most for `limit` jobs.
    async fn round(&mut self, now: Timestamp, limit: u64) -> Result<RunReport, DrainError> {
        let queues = self.agenda().await?.queues();
        let settings = SectionSettings {
            queues: self.settings.queues.iter().cloned().chain(queues).collect(),
            limit: Some(self.settings.limit.map_or(limit, |it| it.min(limit))),
            ..self.settings.clone()
        };
        let Ground { opened, registry, context } = self.ground.clone();
        let opened = Opened { clock: Clock::At(now), ..opened };
        let script = Script::new(opened, registry, context, settings)?;
        Ok((self.dress)(script.place(Place::Here)).run().await?)
    }

    async fn agenda(&self) -> Result<Agenda<'_>, StoreError> {
        Agenda::read(&self.ground.opened.store, self.types()).await
    }

    fn types(&self) -> Vec<TypeName> {
        let named = &self.settings.types;
        if named.is_empty() { self.ground.registry.type_names() } else { named.clone() }
    }
}

/// Adds what a round did.
fn add(total: &mut RunReport, round: RunReport) {
    let RunReport { completed, incomplete, rescued, stale, gone, zombies, paused_types, paused_queues } =
        round;
    completed.into_iter().for_each(|(name, count)| *total.completed.entry(name).or_default() += count);
    incomplete.into_iter().for_each(|(name, count)| *total.incomplete.entry(name).or_default() += count);
    total.rescued += rescued;
    total.stale += stale;
    total.gone += gone;
    total.zombies += zombies;
    // What is so at the end, and not whatever was so on the way.
    (total.paused_types, total.paused_queues) = (paused_types, paused_queues);
}

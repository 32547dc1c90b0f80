//! Which job types there are: from the name in the row to the handler.

use crate::{BuildError, entry::Entry, reporting::reports::Subject};
use job_core::{Job, JobStatus, QueueName, RunnableJob, TransactionalJob, TypeName};
use std::{
    collections::{BTreeMap, BTreeSet, btree_map},
    fmt,
    sync::Arc,
    time::Duration,
};

/// The job types that a program can run, with the context `C`.
///
/// ```
/// # use job_core::{Attempt, BoxError, RunnableJob};
/// # use job_runner::Registry;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize)]
/// # struct Greet { name: String }
/// # impl RunnableJob for Greet {
/// #     const TYPE: &'static str = "greet";
/// #     type Error = BoxError;
/// #     async fn run(self, _: Attempt) -> Result<(), BoxError> { Ok(()) }
/// # }
/// let registry = Registry::<()>::new().register::<Greet>();
/// registry.check()?;
/// # Ok::<_, job_runner::BuildError>(())
/// ```
pub struct Registry<C> {
    entries: BTreeMap<TypeName, Arc<Entry<C>>>,
    mistakes: Vec<BuildError>,
}

impl<C> Default for Registry<C> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), mistakes: Vec::new() }
    }
}

impl<C> fmt::Debug for Registry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("types", &self.entries.keys()).finish_non_exhaustive()
    }
}

impl<C: Clone + Send + Sync + 'static> Registry<C> {
    /// No job types yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a job type. A mistake in it is kept for [`check`](Self::check).
    #[must_use]
    pub fn register<J: RunnableJob<C>>(self) -> Self {
        self.with(Entry::plain::<J>().map_err(BuildError::from))
    }

    /// Adds a job type whose completion commits with its own writes.
    #[must_use]
    pub fn register_transactional<J: TransactionalJob<C>>(self) -> Self {
        self.with(Entry::transactional::<J>().map_err(BuildError::from))
    }

    /// The names of the types, sorted.
    #[must_use]
    pub fn type_names(&self) -> Vec<TypeName> {
        self.entries.keys().cloned().collect()
    }

    /// Whether every type has a name of its own, some time for its attempts, and a slow queue, if it has any, that is
    /// another than its queue: a type has one slow queue, and a job does not leave it again, so there is no longer way
    /// round. Scripts and workers check this when they are made.
    ///
    /// # Errors
    ///
    /// The first mistake: [`BuildError::DuplicateType`], [`BuildError::Name`], [`BuildError::NoTime`] or
    /// [`BuildError::SlowLane`].
    pub fn check(&self) -> Result<(), BuildError> {
        self.mistakes.first().cloned().map_or(Ok(()), Err)?;
        if let Some(entry) = self.entries.values().find(|it| it.timeout.is_zero()) {
            return Err(BuildError::NoTime { name: entry.name.clone() });
        }
        let circles = self.entries.values().find(|it| it.policy.slow_queue.as_ref() == Some(&it.queue));
        circles
            .map_or(Ok(()), |it| Err(BuildError::SlowLane { name: it.name.clone(), queue: it.queue.clone() }))
    }

    /// Whether final jobs, if they are pruned after `retention`, are kept for as long as their types hold a key for a
    /// period. A script checks this when it is made, if its section says for how long jobs are kept.
    ///
    /// # Errors
    ///
    /// [`BuildError::RetentionTooShort`]
    pub fn check_retention(&self, retention: Duration) -> Result<(), BuildError> {
        for entry in self.entries.values().filter(|it| it.scope.holds(JobStatus::Completed)) {
            if let Some(period) = entry.period.filter(|it| *it > retention) {
                return Err(BuildError::RetentionTooShort { name: entry.name.clone(), period, retention });
            }
        }
        Ok(())
    }

    fn with(mut self, entry: Result<Entry<C>, BuildError>) -> Self {
        let mistake = match entry {
            Err(mistake) => Some(mistake),
            Ok(entry) => match self.entries.entry(entry.name.clone()) {
                btree_map::Entry::Occupied(_) => Some(BuildError::DuplicateType { name: entry.name }),
                btree_map::Entry::Vacant(vacant) => {
                    vacant.insert(Arc::new(entry));
                    None
                }
            },
        };
        self.mistakes.extend(mistake);
        self
    }

    /// `job`, and how to ask it about itself, if its type is known.
    pub(crate) fn subject(&self, job: &Arc<Job>) -> Subject {
        match self.get(&job.spec.type_name) {
            Some(entry) => entry.subject(job),
            None => Subject { job: job.clone(), reporting: None },
        }
    }

    pub(crate) fn get(&self, name: &TypeName) -> Option<&Arc<Entry<C>>> {
        self.entries.get(name)
    }

    /// The types that a section runs: those it names, or all.
    pub(crate) fn selected(&self, named: &[TypeName]) -> Result<Vec<TypeName>, BuildError> {
        let known = self.type_names();
        if let Some(name) = named.iter().find(|it| !self.entries.contains_key(*it)) {
            return Err(BuildError::UnknownType { name: name.clone(), known });
        }
        match (known.is_empty(), named.is_empty()) {
            (true, _) => Err(BuildError::NoTypes),
            (false, true) => Ok(known),
            (false, false) => Ok(BTreeSet::from_iter(named).into_iter().cloned().collect()),
        }
    }

    /// The queues in which jobs of `types` may wait, and `extra`.
    pub(crate) fn queues(&self, types: &[TypeName], extra: &[QueueName]) -> Vec<QueueName> {
        let entries = types.iter().filter_map(|it| self.entries.get(it));
        let own = entries.flat_map(|it| [Some(&it.queue), it.policy.slow_queue.as_ref()]).flatten();
        BTreeSet::from_iter(own.chain(extra)).into_iter().cloned().collect()
    }
}

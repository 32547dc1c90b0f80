//! Which jobs a test expects to wait, part by part, and the two macros that look for them.

mod condition;
mod list;
mod subset;
mod unmet;

pub use unmet::Unmet;

use condition::Condition;
use job_core::{
    Job, JobType, Timestamp,
    store::{JobStore, StoreError},
};
use list::Found;
use serde::Serialize;
use std::{
    fmt::{Debug, Display},
    ops::RangeBounds,
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How often is looked again for what is waited for.
const PAUSE: Duration = Duration::from_millis(5);

/// A description of waiting jobs: those that fit every given part. [`assert_enqueued!`](crate::assert_enqueued!)
/// makes one of what it is given, and each of its keys is a method of this.
///
/// A job that waits is one that a claim may start now or later: it was created, or goes back for another attempt.
/// What is created in a transaction is seen once that is committed.
#[derive(Debug)]
pub struct Enqueued<'a> {
    conditions: Vec<Condition<'a>>,
    type_name: Option<String>,
    count: Option<usize>,
    patience: Duration,
}

impl<'a> Enqueued<'a> {
    /// Jobs of the type `J`.
    #[must_use]
    pub fn of<J: JobType<K>, K>() -> Self {
        Self::named(J::info().name)
    }

    /// Jobs of a type with this name, which need not be a type of this program.
    #[must_use]
    pub fn named(type_name: &str) -> Self {
        let own = type_name.to_owned();
        let is_of =
            Condition::new(format!("type: {type_name}"), move |job| job.spec.type_name.as_str() == own);
        Self {
            conditions: vec![is_of],
            type_name: Some(type_name.to_owned()),
            count: None,
            patience: Duration::ZERO,
        }
    }

    /// Jobs of any type.
    #[must_use]
    pub fn any() -> Self {
        Self { conditions: Vec::new(), type_name: None, count: None, patience: Duration::ZERO }
    }

    /// A field of the job's args, decoded as `J`, equals `value`.
    #[must_use]
    pub fn field<J, K, V>(
        self,
        name: &str,
        value: V,
        equal: impl Fn(&J, &V) -> bool + Send + Sync + 'a,
    ) -> Self
    where
        J: JobType<K>,
        V: Debug + Send + Sync + 'a,
    {
        self.with(format!("{name}: {value:?}"), move |job| {
            job.spec.args.decode::<J>().is_ok_and(|args| equal(&args, &value))
        })
    }

    /// The job's args, decoded as `J`, pass `test`.
    #[must_use]
    pub fn passing<J: JobType<K>, K>(self, test: impl Fn(&J) -> bool + Send + Sync + 'a) -> Self {
        self.with("passing the given test".to_owned(), move |job| {
            job.spec.args.decode::<J>().is_ok_and(|args| test(&args))
        })
    }

    /// The job's args have at least what is in `part`, such as a [`json!`](crate::json): of an object, members may be left
    /// out, at any depth; an array is given whole.
    ///
    /// # Panics
    ///
    /// If `part` cannot be JSON.
    #[must_use]
    pub fn args(self, part: impl Serialize) -> Self {
        let part = serde_json::to_value(part).unwrap_or_else(|error| panic!("args to look for: {error}"));
        self.with(format!("args: {part}"), move |job| subset::holds(&part, &job.spec.args))
    }

    /// The queue it waits in.
    #[must_use]
    pub fn queue(self, name: impl Display) -> Self {
        let name = name.to_string();
        self.with(format!("queue: {name}"), move |job| job.state.queue().as_str() == name)
    }

    /// What it is about.
    #[must_use]
    pub fn target(self, target: impl Display) -> Self {
        let target = target.to_string();
        self.with(format!("target: {target}"), move |job| {
            job.spec.target.as_ref().is_some_and(|it| it.as_str() == target)
        })
    }

    /// A tag among its tags.
    #[must_use]
    pub fn tag(self, tag: impl Display) -> Self {
        let tag = tag.to_string();
        self.with(format!("tag: {tag}"), move |job| job.spec.tags.iter().any(|it| it.as_str() == tag))
    }

    /// Who asked for it.
    #[must_use]
    pub fn requester(self, requester: impl Display) -> Self {
        let requester = requester.to_string();
        self.with(format!("requester: {requester}"), move |job| {
            job.spec.requester.as_ref().is_some_and(|it| it.as_str() == requester)
        })
    }

    /// Its priority.
    #[must_use]
    pub fn priority(self, priority: i16) -> Self {
        self.with(format!("priority: {priority}"), move |job| job.spec.priority == priority)
    }

    /// How often it was started, counting as its retries do.
    #[must_use]
    pub fn attempts(self, count: u32) -> Self {
        self.with(format!("attempts: {count}"), move |job| job.state.attempt_count() == count)
    }

    /// Its scheduled start lies in this range, such as `noon..noon + HOUR` or `..=now`.
    #[must_use]
    pub fn due(self, range: impl RangeBounds<Timestamp> + Send + Sync + 'a) -> Self {
        self.with(condition::due(&range), move |job| range.contains(&job.state.scheduled_start()))
    }

    /// So many, and no others; by default, at least one.
    #[must_use]
    pub fn count(self, count: usize) -> Self {
        Self { count: Some(count), ..self }
    }

    /// For what another task or process enqueues: an assertion waits for this long, if it must, until it holds, and a
    /// refutation looks for this long whether it goes on to hold.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The jobs that fit, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Unmet`], if there are none, or not as many as [`count`](Self::count) says: with what does wait. Displayed, it is
    /// the message of a failed assertion.
    pub async fn expect(self, store: &(impl JobStore + ?Sized)) -> Result<Vec<Job>, Unmet> {
        let found = self.wait(store).await?;
        let met = self.is_met(&found);
        if met { Ok(found.fit) } else { Err(Unmet::missing(&self.wanted(), self.count, found)) }
    }

    /// That no job fits.
    ///
    /// # Errors
    ///
    /// [`Unmet`], with those that do; with [`count`](Self::count), only if it is exactly that many.
    pub async fn refuse(self, store: &(impl JobStore + ?Sized)) -> Result<(), Unmet> {
        let found = self.wait(store).await?;
        if self.is_met(&found) { Err(Unmet::unwanted(&self.wanted(), &found)) } else { Ok(()) }
    }

    fn with(mut self, wants: String, holds: impl Fn(&Job) -> bool + Send + Sync + 'a) -> Self {
        self.conditions.push(Condition::new(wants, holds));
        self
    }

    fn wanted(&self) -> String {
        let wants: Vec<&str> = self.conditions.iter().map(|it| it.wants.as_str()).collect();
        if wants.is_empty() { "any".to_owned() } else { wants.join(", ") }
    }

    /// Looks until it is met, or the patience is over, and gives what the last look found.
    async fn wait(&self, store: &(impl JobStore + ?Sized)) -> Result<Found, StoreError> {
        let patience = Instant::now().checked_add(self.patience);
        loop {
            let found = list::look(store, &self.conditions, self.type_name.as_deref()).await?;
            if self.is_met(&found) || patience.is_some_and(|it| it <= Instant::now()) {
                return Ok(found);
            }
            sleep(PAUSE).await;
        }
    }

    fn is_met(&self, found: &Found) -> bool {
        self.count.map_or(!found.fit.is_empty(), |count| count == found.fit.len())
    }
}

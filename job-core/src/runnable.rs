//! Job types: what a user implements.

use crate::{
    Ask, Attempt, BoxError, Completed, Completion, JsonError, LabelError, RetryPolicy, Tag, Target, Turn,
    UniqueKey, UniqueScope,
};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// The optional items, the same for both kinds of job types.
macro_rules! optional_items {
    () => {
        /// The queue (lane) its jobs wait in.
        const QUEUE: &'static str = "default";

        /// While it is in which status a job holds its [`unique_key`](Self::unique_key).
        const SCOPE: UniqueScope = UniqueScope::Waiting;

        /// Makes the unique key one per period: `floor(start / PERIOD)` is folded into it. Meant for the scope
        /// [`Kept`](UniqueScope::Kept), whose rows must then be kept at least that long.
        const PERIOD: Option<Duration> = None;

        /// Whether a job may run beside an older one with the same unique key (scope
        /// [`Waiting`](UniqueScope::Waiting) only): then a slow old run may overwrite a newer result.
        const OVERLAP: bool = false;

        /// How long an attempt may take. Its token fires then: a handler that fails after that has timed out, and one that
        /// still succeeds has succeeded. If it has not ended after another tenth of this time, but at least a second and at
        /// most half a minute, it has timed out too, whatever it does, and nothing that it does counts any more.
        const TIMEOUT: Duration = Duration::from_secs(5 * 60);

        /// The queue that a job moves to when an attempt times out, instead of failing.
        const SLOW_QUEUE: Option<&'static str> = None;

        /// How long to wait before the next attempt, and when to give up. [`RetryPolicy::own`] decides by the attempt
        /// and the error.
        fn retry_policy() -> RetryPolicy {
            RetryPolicy::default()
        }

        /// The typed view of an error: what it asks for, if anything. The runner also finds an [`Ask`] that is
        /// the error itself or among its sources.
        fn classify(_error: &Self::Error) -> Option<Ask> {
            None
        }

        /// Starts allowed after the first.
        fn max_retries(&self) -> u32 {
            10
        }

        /// Higher is started first.
        fn priority(&self) -> i16 {
            0
        }

        /// What makes two jobs of this type the same work: [`UniqueKey::by`] any part of the args. At most one
        /// job of the type holds a key, while in the statuses of [`SCOPE`](Self::SCOPE).
        ///
        /// # Errors
        ///
        /// [`JsonError`], as for args.
        fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
            Ok(None)
        }

        /// What at most one job may run for at a time, across types. By default a job with a unique key of the
        /// scope [`Waiting`](UniqueScope::Waiting) takes turns with its successors.
        fn turn(&self) -> Option<Turn> {
            None
        }

        /// What it is about.
        ///
        /// # Errors
        ///
        /// [`LabelError`], from [`Target::new`].
        fn target(&self) -> Result<Option<Target>, LabelError> {
            Ok(None)
        }

        /// Words to find it by.
        ///
        /// # Errors
        ///
        /// [`LabelError`], from [`Tag::new`].
        fn tags(&self) -> Result<Vec<Tag>, LabelError> {
            Ok(Vec::new())
        }

        /// Names and values for every error report made about it. Nothing secret: reports travel.
        fn report_vars(&self) -> Vec<(String, String)> {
            Vec::new()
        }

        /// Completes "error while …" in messages to users and operators.
        fn operation(&self) -> String {
            format!("running a {} job", Self::TYPE)
        }

        /// Who is told of a user error, beside the log.
        fn recipients(&self) -> Vec<String> {
            Vec::new()
        }
    };
}

/// A job type: a serializable struct, which is the job's args, and what to do with it.
///
/// Three items are required. `C` is the context that the section's setup makes, `()` for none.
///
/// ```
/// use job_core::{Attempt, BoxError, RunnableJob};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Greet {
///     name: String,
/// }
///
/// impl RunnableJob for Greet {
///     const TYPE: &'static str = "greet";
///     type Error = BoxError;
///
///     async fn run(self, _: Attempt) -> Result<(), BoxError> {
///         Ok(println!("hello {}", self.name))
///     }
/// }
/// ```
///
/// With `type Error = BoxError`, `?` takes std errors, strings, boxed errors, anyhow's, and an [`Ask`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a job type with the context `{C}`",
    label = "not a job type",
    note = "derive Serialize and Deserialize, then write `impl RunnableJob<{C}> for {Self}` with TYPE, Error and `async fn run`"
)]
pub trait RunnableJob<C = ()>: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the row. Renaming a type orphans its stored jobs.
    const TYPE: &'static str;

    /// What `run` fails with; [`BoxError`] takes anything.
    type Error: Into<BoxError> + Send + 'static;

    /// Does the work. Ok completes the job; what an error means is decided by [`settle`](crate::settle()).
    ///
    /// It may run again: after an error, and when its runner died or lost its lease. Then two attempts may
    /// overlap, and only the later one can change the job; see [`TransactionalJob`] for effects that happen
    /// exactly once.
    ///
    /// # Errors
    ///
    /// Whatever went wrong, or an [`Ask`].
    fn run(self, attempt: Attempt<C>) -> impl Future<Output = Result<(), Self::Error>> + Send;

    optional_items!();
}

/// A job type whose own writes and completion commit together: `run` must return the proof, and only a store's
/// `complete_on` or `complete_in` makes one. Forgetting it does not compile.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a transactional job type with the context `{C}`",
    label = "not a transactional job type",
    note = "derive Serialize and Deserialize, then write `impl TransactionalJob<{C}> for {Self}` with TYPE, Error and `async fn run`"
)]
pub trait TransactionalJob<C = ()>: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the row. Renaming a type orphans its stored jobs.
    const TYPE: &'static str;

    /// What `run` fails with; [`BoxError`] takes anything.
    type Error: Into<BoxError> + Send + 'static;

    /// Does the work and gives `completion` to the store as the last statement of its own transaction.
    ///
    /// If the attempt was lost, that statement fails with [`AttemptLost`](crate::AttemptLost) and the
    /// transaction must roll back. If the commit fails after all, the lease lapses and the job runs again.
    ///
    /// # Errors
    ///
    /// Whatever went wrong, or an [`Ask`].
    fn run(
        self,
        attempt: Attempt<C>,
        completion: Completion,
    ) -> impl Future<Output = Result<Completed, Self::Error>> + Send;

    optional_items!();
}

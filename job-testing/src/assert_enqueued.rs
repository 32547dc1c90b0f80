//! The assertions about waiting jobs.

/// Asserts that a job waits as described, and gives the [`Job`](job_core::Job)s that do, the oldest first. For an async
/// test; the store is an `Arc` of one, or a reference.
///
/// The job type may be followed by fields, which are compared with `==`, and by parts of the rest, each a method of
/// [`Enqueued`](crate::Enqueued):
///
/// ```
/// # use job_core::{Attempt, BoxError, JobSource, Options, RunnableJob, Start};
/// use job_testing::{assert_enqueued, factory::noon, json, refute_enqueued};
/// # use job_store_mem::MemStore;
/// # use std::time::Duration;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Greet {
///     name: String,
///     times: u32,
/// }
/// # impl RunnableJob for Greet {
/// #     const TYPE: &'static str = "greet";
/// #     type Error = BoxError;
/// #     async fn run(self, _: Attempt) -> Result<(), BoxError> { Ok(()) }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), BoxError> {
/// # let store = MemStore::new().opened().store;
/// let greetings = JobSource::<Greet>::new(store.clone());
/// let later = Options { start: Start::At(noon()), ..Options::default() };
/// let job = greetings.create_with(&Greet { name: "Zoë".to_owned(), times: 3 }, &later).await?;
///
/// let found = assert_enqueued!(store, Greet { name: "Zoë", .. }, queue: "default", count: 1);
/// assert_eq!(found[0].id, job.id);
/// assert_enqueued!(store, Greet, due: noon()..noon() + Duration::from_secs(60));
/// assert_enqueued!(store, "greet", args: json!({ "times": 3 }), attempts: 0);
/// assert_enqueued!(store, Greet, passing: |it: &Greet| it.times > 2);
/// refute_enqueued!(store, Greet { name: "Anna", .. });
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// If there is none, or not as many as `count` says: with all that wait, the nearest first, and what each of them
/// misses.
#[macro_export]
macro_rules! assert_enqueued {
    ($store:expr, $($job:tt)+) => {
        $crate::enqueued!($($job)+).expect(&*$store).await.unwrap_or_else(|unmet| panic!("{unmet}"))
    };
}

/// Asserts that no job waits as described, in the words of [`assert_enqueued!`](crate::assert_enqueued!).
///
/// # Panics
///
/// If there is one: with all that fit.
#[macro_export]
macro_rules! refute_enqueued {
    ($store:expr, $($job:tt)+) => {
        $crate::enqueued!($($job)+).refuse(&*$store).await.unwrap_or_else(|unmet| panic!("{unmet}"))
    };
}

/// The [`Enqueued`](crate::Enqueued) that [`assert_enqueued!`](crate::assert_enqueued!) looks for.
#[macro_export]
macro_rules! enqueued {
    ($name:literal $(, $key:ident: $part:expr)* $(,)?) => {
        $crate::Enqueued::named($name)$(.$key($part))*
    };
    ($job:ty { $($field:ident $(: $value:expr)?,)* .. } $($parts:tt)*) => {
        $crate::enqueued!($job { $($field $(: $value)?),* } $($parts)*)
    };
    ($job:ty { $($field:ident $(: $value:expr)?),* $(,)? } $(, $key:ident: $part:expr)* $(,)?) => {
        $crate::Enqueued::of::<$job, _>()
            $(.field::<$job, _, _>(
                stringify!($field),
                $crate::__value!($field $(: $value)?),
                |job, value| job.$field == *value,
            ))*
            $(.$key($part))*
    };
    ($job:ty $(, $key:ident: $part:expr)* $(,)?) => {
        $crate::Enqueued::of::<$job, _>()$(.$key($part))*
    };
}

/// The value of a field that is given, or that a variable of its name has.
#[doc(hidden)]
#[macro_export]
macro_rules! __value {
    ($field:ident) => {
        $field
    };
    ($field:ident: $value:expr) => {
        $value
    };
}

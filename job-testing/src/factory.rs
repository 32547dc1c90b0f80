//! Valid jobs, claims and changes; a test says only what it is about, by struct update.

use job_core::{
    ActorId, Change, Clock, InvalidTransition, Job, JobId, JobState, Json, Lease, NewJob, QueueName, Start,
    Timestamp, TypeName, Unique, UniqueKey, UniqueScope, Verb, store::Claim,
};
use std::{fmt::Debug, num::NonZeroU32, str::FromStr, time::Duration};
use uuid::Uuid;

/// How long the leases of [`claim`] last.
pub const LEASE: Duration = Duration::from_secs(60);

/// When tests begin: noon on 24 November 2026, UTC.
#[must_use]
pub fn noon() -> Timestamp {
    Timestamp::from_micros(1_795_521_600_000_000)
}

/// A job of the type `test` in the queue `default`, to start at once, with no key, turn or labels.
///
/// ```
/// # use job_core::{NewJob, store::JobStore};
/// # use job_testing::factory;
/// # fn example(store: &dyn JobStore) {
/// let urgent = NewJob { priority: 5, ..factory::job(store.mint()) };
/// # }
/// ```
#[must_use]
pub fn job(id: JobId) -> NewJob {
    NewJob {
        id,
        type_name: type_name(),
        args: Json::stored(r#"{"n":1}"#),
        priority: 0,
        target: None,
        tags: Vec::new(),
        unique: None,
        turn: None,
        max_retries: 3,
        requester: None,
        queue: QueueName::default(),
        start: Start::Now,
    }
}

/// A [`job`] with a unique key of the scope Waiting, and no turn: as its type would make it with `OVERLAP`.
#[must_use]
pub fn keyed(id: JobId, key: &str) -> NewJob {
    NewJob { unique: Some(unique(key, UniqueScope::Waiting)), ..job(id) }
}

/// A unique key in a scope.
#[must_use]
pub fn unique(key: &str, scope: UniqueScope) -> Unique {
    Unique { key: UniqueKey::stored(key), scope }
}

/// The type of [`job`]: `test`.
#[must_use]
pub fn type_name() -> TypeName {
    named("test")
}

/// A name of a type, queue, section or lock, a prefix of an id, and all else that is parsed from text.
///
/// # Panics
///
/// If the text is none.
#[must_use]
pub fn named<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("{text:?} is a name: {error:?}"))
}

/// The actor with this number.
#[must_use]
pub const fn actor(number: u128) -> ActorId {
    ActorId::from_uuid(Uuid::from_u128(number))
}

/// A claim by actor 1 of up to 100 jobs of the type `test` in the queue `default`, for [`LEASE`].
#[must_use]
pub fn claim(clock: Clock) -> Claim {
    Claim {
        by: actor(1),
        queue: QueueName::default(),
        types: vec![type_name()],
        limit: limit(100),
        lease: LEASE,
        due_by: None,
        clock,
    }
}

/// A limit.
///
/// # Panics
///
/// If it is zero.
#[must_use]
pub fn limit(most: u32) -> NonZeroU32 {
    NonZeroU32::new(most).unwrap_or_else(|| panic!("a limit is not zero"))
}

/// The change to a verb's answer for `job`: by its runner while it runs, else by actor 9, an operator.
///
/// ```
/// # use job_core::{Change, Job, Timestamp};
/// # use job_testing::factory;
/// # fn example(job: &Job, now: Timestamp) -> Change {
/// factory::change(job, job.complete(now))
/// # }
/// ```
///
/// # Panics
///
/// If the verb refused.
#[must_use]
pub fn change(job: &Job, next: Result<JobState, InvalidTransition>) -> Change {
    let next = next.unwrap_or_else(|refused| panic!("{refused}"));
    let by = job.state.lease().map_or(actor(9), |it| it.holder);
    Change::new(job, next, by)
}

/// What `verb` makes of `job` at `now`, with plain arguments.
///
/// # Errors
///
/// [`InvalidTransition`] where the verb refuses.
pub fn perform(verb: Verb, job: &Job, now: Timestamp) -> Result<JobState, InvalidTransition> {
    let later = now + Duration::from_secs(30);
    match verb {
        Verb::Start => job.start(Lease { holder: actor(1), expires: now + LEASE, progress: None }, now),
        Verb::Complete => job.complete(now),
        Verb::Fail => job.fail("it broke".into(), now),
        Verb::Retry => job.retry("it broke".into(), later, None),
        Verb::Snooze => job.snooze(later),
        Verb::Release => job.release(),
        Verb::Lapse => job.lapse(now, 5, now),
        Verb::Suspend => job.suspend("for a review".into()),
        Verb::Resume => job.resume(),
        Verb::Cancel => job.cancel("not needed".into(), now),
        Verb::Requeue => job.requeue(false, now),
        Verb::Reschedule => job.reschedule(later),
    }
}

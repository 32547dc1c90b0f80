//! The jobs of these tests: they do what they were told, start by start, and are seen doing it.

use job_core::{Ask, Attempt, BoxError, JsonError, RetryPolicy, RunnableJob, UniqueKey};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// How long a failed errand waits.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(60);

/// What a start does.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Act {
    Succeed,
    Fail,
    Panic,
    Retry,
    Snooze,
    Suspend,
    Cancel,
    TellUser,
}

impl Act {
    pub(crate) const ALL: [Self; 8] = [
        Self::Succeed,
        Self::Fail,
        Self::Panic,
        Self::Retry,
        Self::Snooze,
        Self::Suspend,
        Self::Cancel,
        Self::TellUser,
    ];

    fn done(self) -> Result<(), BoxError> {
        match self {
            Self::Succeed => Ok(()),
            Self::Fail => Err("it broke")?,
            Self::Panic => panic!("it broke loudly"),
            Self::Retry => Err(Ask::RetryIn(RETRY_AFTER))?,
            Self::Snooze => Err(Ask::Snooze(RETRY_AFTER))?,
            Self::Suspend => Err(Ask::Suspend("for a review".into()))?,
            Self::Cancel => Err(Ask::Cancel("no longer needed".into()))?,
            Self::TellUser => Err(Ask::TellUser("the page is gone".into()))?,
        }
    }
}

/// The starts that there were, by name: the context of every errand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ran(Arc<Mutex<Vec<String>>>);

impl Ran {
    /// All of them, in their order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().clone()
    }

    /// Adds one, and says how many of this name were before it.
    fn add(&self, name: &str) -> usize {
        let mut names = self.0.lock();
        let before = names.iter().filter(|it| *it == name).count();
        names.push(name.to_owned());
        before
    }
}

/// Does its acts, one a start, and succeeds when there are no more.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Errand {
    pub(crate) name: String,
    pub(crate) acts: Vec<Act>,
    pub(crate) retries: u32,
}

impl Errand {
    /// One that may be tried again twice.
    pub(crate) fn new(name: impl Into<String>, acts: impl Into<Vec<Act>>) -> Self {
        Self { name: name.into(), acts: acts.into(), retries: 2 }
    }

    fn act(&self, ran: &Ran) -> Result<(), BoxError> {
        let before = ran.add(&self.name);
        self.acts.get(before).copied().unwrap_or(Act::Succeed).done()
    }
}

impl RunnableJob<Ran> for Errand {
    const TYPE: &'static str = "errand";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Ran>) -> Result<(), BoxError> {
        self.act(&attempt.context)
    }

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::fixed(RETRY_AFTER).without_jitter()
    }

    fn max_retries(&self) -> u32 {
        self.retries
    }
}

/// An errand whose name is its unique key, with everything that follows by default.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct UniqueErrand(pub(crate) Errand);

impl RunnableJob<Ran> for UniqueErrand {
    const TYPE: &'static str = "unique-errand";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Ran>) -> Result<(), BoxError> {
        self.0.act(&attempt.context)
    }

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::fixed(RETRY_AFTER).without_jitter()
    }

    fn max_retries(&self) -> u32 {
        self.0.retries
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
        UniqueKey::by(&self.0.name)
    }
}

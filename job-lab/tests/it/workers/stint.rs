//! The job of these tests: it does what it was told to, begin by begin, and enters it into the diary.

use super::diary::{Diary, What, all};
use job_core::{Attempt, BoxError, RetryPolicy, RunnableJob};
use serde::{Deserialize, Serialize};
use std::{process, time::Duration};
use tokio::time::sleep;

/// What a handler does.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) enum Act {
    /// Works for so long, and stops when it is told to.
    Work(Duration),
    /// Works for so long, whatever it is told.
    Insist(Duration),
    /// Works until it is told to stop, and then succeeds all the same.
    Outstay,
    /// Ends its process.
    Abort,
}

impl Act {
    /// Ends at once.
    pub(crate) const BRIEF: Self = Self::Insist(Duration::ZERO);
    /// Does not end while a test lasts, unless it is told to.
    pub(crate) const LONG: Self = Self::Work(HOUR);
    /// Does not end while a test lasts.
    pub(crate) const ENDLESS: Self = Self::Insist(HOUR);
}

const HOUR: Duration = Duration::from_secs(3600);

/// Does its acts, one at each of its begins, and the last one ever after.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Stint(pub(super) Vec<Act>);

impl RunnableJob<Diary> for Stint {
    const TYPE: &'static str = "stint";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Diary>) -> Result<(), BoxError> {
        let diary = &attempt.context;
        // Not by the number of the attempt, because some are given back.
        let begins = all(&diary.entries(), What::Begun).iter().filter(|it| it.job == attempt.id()).count();
        diary.enter(&attempt, What::Begun);
        let done = match self.0[begins.min(self.0.len() - 1)] {
            Act::Work(time) => tokio::select! {
                () = told(&attempt) => false,
                () = sleep(time) => true,
            },
            Act::Insist(time) => {
                let work = async { sleep(time).await };
                tokio::pin!(work);
                tokio::select! {
                    () = told(&attempt) => work.await,
                    () = &mut work => {}
                }
                true
            }
            Act::Outstay => {
                told(&attempt).await;
                true
            }
            Act::Abort => process::abort(),
        };
        diary.enter(&attempt, if done { What::Done } else { What::Left });
        if done { Ok(()) } else { Err("told to stop".into()) }
    }

    fn retry_policy() -> RetryPolicy {
        RetryPolicy::fixed(Duration::from_millis(50)).without_jitter()
    }
}

/// Ends when the handler should stop, which is entered.
async fn told(attempt: &Attempt<Diary>) {
    attempt.cancelled().await;
    attempt.context.enter(attempt, What::Told);
}

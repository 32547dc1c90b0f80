//! What ran, as a test sees it: a recorder in the context of the jobs, in place of patching them.

use job_core::{Attempt, BoxError, JobId, RunnableJob};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use tokio::sync::Notify;

/// Records of runs. Cheap to clone; the clone in the context of the jobs and the test's own share everything.
///
/// A runner builds its own instance of each job, so what a test holds in its hand is not what runs. What ran says so
/// itself, and the test waits for it without sleeping.
///
/// ```no_run
/// use job_core::{Attempt, BoxError, RunnableJob};
/// use job_testing::Recorder;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Greet {
///     name: String,
/// }
///
/// impl RunnableJob<Recorder> for Greet {
///     const TYPE: &'static str = "greet";
///     type Error = BoxError;
///
///     async fn run(self, attempt: Attempt<Recorder>) -> Result<(), BoxError> {
///         attempt.context.record(&attempt, &self.name);
///         Ok(())
///     }
/// }
///
/// # async fn example(job: job_core::Job) {
/// let recorder = Recorder::default();
/// // Run a `Greet` with the context `recorder.clone()`, then:
/// let ran = recorder.next().await;
/// assert_eq!((ran.id, ran.attempt, ran.label.as_str()), (job.id, 1, "Zoë"));
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    records: Mutex<Records>,
    added: Notify,
}

#[derive(Debug, Default)]
struct Records {
    all: Vec<Record>,
    /// How many of them `next` has given.
    given: usize,
}

/// One thing that ran.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// The job.
    pub id: JobId,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What it said.
    pub label: String,
}

impl Recorder {
    /// Records that `attempt` came to the point that `label` names.
    pub fn record<C>(&self, attempt: &Attempt<C>, label: impl fmt::Display) {
        let record = Record { id: attempt.id(), attempt: attempt.number(), label: label.to_string() };
        self.shared.records.lock().all.push(record);
        self.shared.added.notify_waiters();
    }

    /// What was recorded until now, in this order.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.shared.records.lock().all.clone()
    }

    /// The labels of what was recorded until now, in this order.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        self.shared.records.lock().all.iter().map(|it| it.label.clone()).collect()
    }

    /// The next record: the first that no call on any clone gave before. Waits until there is one.
    pub async fn next(&self) -> Record {
        loop {
            // Registered before the look, so that a record between the look and the wait is not missed.
            let added = self.shared.added.notified();
            if let Some(record) = self.take() {
                return record;
            }
            added.await;
        }
    }

    fn take(&self) -> Option<Record> {
        let mut records = self.shared.records.lock();
        let record = records.all.get(records.given).cloned()?;
        records.given += 1;
        Some(record)
    }
}

/// A job that records its label and completes.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct Recorded {
    /// What it records.
    pub label: String,
}

impl Recorded {
    /// A job that records `label`.
    #[must_use]
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into() }
    }
}

impl RunnableJob<Recorder> for Recorded {
    const TYPE: &'static str = "recorded";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Recorder>) -> Result<(), BoxError> {
        attempt.context.record(&attempt, self.label);
        Ok(())
    }
}

/// A job that records its label, and fails so many times before it completes.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct Failing {
    /// What it records, and its error's text.
    pub label: String,
    /// How many attempts fail before one succeeds.
    pub failures: u32,
}

impl RunnableJob<Recorder> for Failing {
    const TYPE: &'static str = "failing";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Recorder>) -> Result<(), BoxError> {
        attempt.context.record(&attempt, &self.label);
        if attempt.number() > self.failures { Ok(()) } else { Err(self.label.into()) }
    }
}

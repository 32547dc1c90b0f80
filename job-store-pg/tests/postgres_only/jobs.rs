//! The job types of these tests.

use job_core::{Attempt, BoxError, JsonError, RunnableJob, UniqueKey};
use serde::{Deserialize, Serialize};

/// A job without a key.
#[derive(Deserialize, Serialize)]
pub(crate) struct Plain {
    pub(crate) n: u32,
}

impl RunnableJob for Plain {
    const TYPE: &'static str = "test";
    type Error = BoxError;

    async fn run(self, _: Attempt) -> Result<(), BoxError> {
        Ok(())
    }
}

/// A job that is the same work as another with its key.
#[derive(Deserialize, Serialize)]
pub(crate) struct Keyed {
    pub(crate) key: String,
}

impl Keyed {
    pub(crate) fn new(key: &str) -> Self {
        Self { key: key.to_owned() }
    }
}

impl RunnableJob for Keyed {
    const TYPE: &'static str = "test";
    type Error = BoxError;

    async fn run(self, _: Attempt) -> Result<(), BoxError> {
        Ok(())
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
        UniqueKey::by(&self.key)
    }
}

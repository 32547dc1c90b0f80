//! The job that does a foo.

use crate::Foos;
use job_core::{Ask, Attempt, BoxError, JsonError, LabelError, RunnableJob, Target, UniqueKey};
use serde::{Deserialize, Serialize};

/// Does a foo. The struct is what is stored: what to do, and nothing of how it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DoFoo {
    /// Which foo.
    pub foo: u64,
}

impl RunnableJob<Foos> for DoFoo {
    const TYPE: &'static str = "do-foo";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Foos>) -> Result<(), BoxError> {
        if attempt.context.word(self.foo)?.is_none() {
            Err(Ask::TellUser(format!("there is no foo {}", self.foo).into()))?;
        }
        attempt.context.write(self.foo, "done")?;
        Ok(())
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
        UniqueKey::by(&self.foo)
    }

    fn target(&self) -> Result<Option<Target>, LabelError> {
        Target::new(format!("foo {}", self.foo)).map(Some)
    }

    fn report_vars(&self) -> Vec<(String, String)> {
        vec![("foo_id".to_owned(), self.foo.to_string())]
    }

    fn operation(&self) -> String {
        format!("doing foo {}", self.foo)
    }
}

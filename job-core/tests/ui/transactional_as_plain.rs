//! A transactional job type that is taken for a plain one.

use job_core::{Attempt, BoxError, Completed, Completion, RunnableJob, TransactionalJob};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Charge;

impl TransactionalJob for Charge {
    const TYPE: &'static str = "charge";
    type Error = BoxError;

    async fn run(self, _: Attempt, _: Completion) -> Result<Completed, BoxError> {
        Err("the books are closed".into())
    }
}

fn register<J: RunnableJob>() {}

fn main() {
    register::<Charge>();
}

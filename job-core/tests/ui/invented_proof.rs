//! A transactional job cannot make the proof that it completed by itself.

use job_core::{Attempt, BoxError, Completed, Completion, TransactionalJob};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Charge;

impl TransactionalJob for Charge {
    const TYPE: &'static str = "charge";
    type Error = BoxError;

    async fn run(self, attempt: Attempt, _: Completion) -> Result<Completed, BoxError> {
        Ok(Completed { id: attempt.id() })
    }
}

fn main() {}

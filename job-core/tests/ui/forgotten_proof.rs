//! A transactional job cannot end well without the proof that it completed.

use job_core::{Attempt, BoxError, Completed, Completion, TransactionalJob};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Charge;

impl TransactionalJob for Charge {
    const TYPE: &'static str = "charge";
    type Error = BoxError;

    async fn run(self, _: Attempt, _completion: Completion) -> Result<Completed, BoxError> {
        Ok(())
    }
}

fn main() {}

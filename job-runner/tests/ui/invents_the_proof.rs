//! A transactional job that makes its own proof.

use job_core::{Attempt, BoxError, Completed, Completion, TransactionalJob};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Book {
    amount: u32,
}

impl TransactionalJob for Book {
    const TYPE: &'static str = "book";
    type Error = BoxError;

    async fn run(self, attempt: Attempt, _: Completion) -> Result<Completed, BoxError> {
        Ok(Completed { id: attempt.id() })
    }
}

fn main() {}

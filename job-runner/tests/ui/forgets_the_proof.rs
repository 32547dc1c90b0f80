//! A transactional job that ends without its completion.

use job_core::{Attempt, BoxError, Completed, Completion, TransactionalJob};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Book {
    amount: u32,
}

impl TransactionalJob for Book {
    const TYPE: &'static str = "book";
    type Error = BoxError;

    async fn run(self, _: Attempt, _: Completion) -> Result<Completed, BoxError> {
        Ok(())
    }
}

fn main() {}

//! A transactional job that uses its right to complete twice.

use job_core::{Attempt, BoxError, Completed, Completion, TransactionalJob};
use job_store_mem::{MemStore, complete};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Book {
    amount: u32,
}

impl TransactionalJob<MemStore> for Book {
    const TYPE: &'static str = "book";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<MemStore>, completion: Completion) -> Result<Completed, BoxError> {
        let _first = complete(&attempt.context, completion)?;
        Ok(complete(&attempt.context, completion)?)
    }
}

fn main() {}

//! A transactional job type that is registered as a plain one.

use job_core::{Attempt, BoxError, Completed, Completion, TransactionalJob};
use job_runner::Registry;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Book {
    amount: u32,
}

impl TransactionalJob for Book {
    const TYPE: &'static str = "book";
    type Error = BoxError;

    async fn run(self, _: Attempt, _: Completion) -> Result<Completed, BoxError> {
        Err("the books are closed".into())
    }
}

fn main() {
    let _ = Registry::<()>::new().register::<Book>();
}

//! A job type that needs another context than those who run it have.

use job_core::{Attempt, BoxError, RunnableJob};
use serde::{Deserialize, Serialize};

#[derive(Clone)]
struct Database;

#[derive(Serialize, Deserialize)]
struct Greet;

impl RunnableJob<Database> for Greet {
    const TYPE: &'static str = "greet";
    type Error = BoxError;

    async fn run(self, _: Attempt<Database>) -> Result<(), BoxError> {
        Ok(())
    }
}

fn register<J: RunnableJob>() {}

fn main() {
    register::<Greet>();
}

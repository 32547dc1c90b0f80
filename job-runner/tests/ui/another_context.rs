//! A job type that needs a context which the registry's sections do not make.

use job_core::{Attempt, BoxError, RunnableJob};
use job_runner::Registry;
use serde::{Deserialize, Serialize};

#[derive(Clone)]
struct Database;

#[derive(Serialize, Deserialize)]
struct Greet {
    name: String,
}

impl RunnableJob<Database> for Greet {
    const TYPE: &'static str = "greet";
    type Error = BoxError;

    async fn run(self, _: Attempt<Database>) -> Result<(), BoxError> {
        Ok(())
    }
}

fn main() {
    let _ = Registry::<()>::new().register::<Greet>();
}

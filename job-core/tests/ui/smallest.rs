//! Three items are all that a job type needs.

use job_core::{Attempt, BoxError, RunnableJob};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Hello {
    name: String,
}

impl RunnableJob for Hello {
    const TYPE: &'static str = "hello";
    type Error = BoxError;

    async fn run(self, _: Attempt) -> Result<(), BoxError> {
        let _: i32 = self.name.parse()?;
        Err("strings too")?
    }
}

fn main() {}

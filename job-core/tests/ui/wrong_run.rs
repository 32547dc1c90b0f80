//! A handler takes the attempt: the message shows the signature that is expected.

use job_core::{BoxError, RunnableJob};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Hello;

impl RunnableJob for Hello {
    const TYPE: &'static str = "hello";
    type Error = BoxError;

    async fn run(self) -> Result<(), BoxError> {
        Ok(())
    }
}

fn main() {}

//! A struct that is registered before it is a job type.

use job_runner::Registry;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Greet {
    name: String,
}

fn main() {
    let _ = Registry::<()>::new().register::<Greet>();
}

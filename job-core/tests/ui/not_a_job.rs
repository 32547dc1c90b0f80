//! A struct that is no job type says what it lacks.

use job_core::{JobSource, store::JobStore};
use std::sync::Arc;

#[derive(serde::Serialize, serde::Deserialize)]
struct Hello;

fn source(store: Arc<dyn JobStore>) -> JobSource<Hello> {
    JobSource::new(store)
}

fn main() {}

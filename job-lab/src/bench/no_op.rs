//! Jobs that do nothing, so that only the system is measured.

use super::latency_worker::Stamp;
use job_core::{
    Attempt, BoxError, JobType, JsonError, NewJob, Options, RunnableJob, TypeName, UniqueKey, store::JobStore,
};
use serde::{Deserialize, Serialize};

/// Does nothing.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct NoOp {
    /// Which of many.
    pub(super) number: u32,
}

impl RunnableJob for NoOp {
    const TYPE: &'static str = "no-op";
    type Error = BoxError;

    async fn run(self, _: Attempt) -> Result<(), BoxError> {
        Ok(())
    }
}

/// Does nothing, at most once at a time for a number.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct UniqueNoOp {
    /// Which of many: its unique key.
    pub(super) number: u32,
}

impl RunnableJob for UniqueNoOp {
    const TYPE: &'static str = "unique-no-op";
    type Error = BoxError;

    async fn run(self, _: Attempt) -> Result<(), BoxError> {
        Ok(())
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
        UniqueKey::by(&self.number)
    }
}

/// All types of the bench.
pub(super) fn types() -> Result<Vec<TypeName>, BoxError> {
    [NoOp::TYPE, UniqueNoOp::TYPE, Stamp::TYPE].map(|it| Ok(TypeName::new(it)?)).into_iter().collect()
}

/// The args of a [`NoOp`], as it is stored, for the ceilings.
pub(super) fn args(number: u32) -> String {
    format!("{{\"number\":{number}}}")
}

/// Puts `jobs` of [`NoOp`] into the store, a thousand at a time.
///
/// # Errors
///
/// If the store fails.
pub(super) async fn fill(store: &dyn JobStore, jobs: u32) -> Result<(), BoxError> {
    let numbers: Vec<u32> = (0..jobs).collect();
    for numbers in numbers.chunks(1000) {
        let draft = |number: &u32| NoOp { number: *number }.draft(store.mint(), &Options::default(), None);
        let new: Vec<NewJob> = numbers.iter().map(draft).collect::<Result<_, _>>()?;
        store.insert(&new, job_core::Clock::Store).await?;
    }
    Ok(())
}

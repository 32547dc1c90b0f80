//! The property: whatever the history, a store answers as the model does.

use super::{agree::agree, op::Op, strategy::ops};
use crate::Fixture;
use proptest::test_runner::{Config, TestError, TestRunner};
use std::env;
use tokio::runtime::Builder;

/// Over how many histories a store is compared with the model.
#[derive(Clone, Debug)]
pub struct Property {
    /// How many.
    pub histories: u32,
    /// How many shorter ones are tried, once one has failed.
    pub shrinks: u32,
}

impl Default for Property {
    /// 128 histories, or as many as the environment variable `PROPTEST_CASES` says, and up to 4096 shorter ones.
    fn default() -> Self {
        let given = env::var_os("PROPTEST_CASES").map(|_| Config::default().cases);
        Self { histories: given.unwrap_or(128), shrinks: 4096 }
    }
}

impl Property {
    /// Compares the stores that `open` opens, each of them new and empty, with the model.
    ///
    /// # Errors
    ///
    /// The shortest history found that tells them apart, and the first difference.
    ///
    /// # Panics
    ///
    /// If no async runtime can be started.
    pub fn check<F: Into<Fixture>>(&self, open: impl AsyncFn() -> F) -> Result<(), TestError<Vec<Op>>> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime can be started");
        let config = Config {
            cases: self.histories,
            max_shrink_iters: self.shrinks,
            failure_persistence: None,
            ..Config::default()
        };
        TestRunner::new(config).run(&ops(), |ops| {
            runtime.block_on(async {
                let fixture: Fixture = open().await.into();
                agree(&fixture, &ops).await
            })
        })
    }
}

/// Compares the stores that `open` opens, each of them new and empty, with the model, over generated histories.
///
/// # Panics
///
/// If a store and the model differ, with the shortest history found that tells them apart.
pub fn agrees_with_the_reference_model<F: Into<Fixture>>(open: impl AsyncFn() -> F) {
    match Property::default().check(open) {
        Ok(()) => {}
        Err(TestError::Fail(reason, ops)) => panic!("{reason}\n\nafter these operations: {ops:#?}"),
        Err(TestError::Abort(reason)) => panic!("no histories: {reason}"),
    }
}

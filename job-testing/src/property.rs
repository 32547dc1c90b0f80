//! Properties inside a clause: many inputs, one store, and a small input when it fails.

use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::{runtime::Handle, task::block_in_place};

/// Holds `body` to `cases` inputs of `strategy`, and panics with the smallest input for which it panics.
///
/// All run against the same store, one after the other, so each uses names of its own. To be called on a
/// runtime with several threads.
pub(crate) fn holds<S: Strategy>(cases: u32, strategy: &S, body: impl AsyncFn(S::Value)) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    let run = |input| {
        let once = || block_in_place(|| Handle::current().block_on(body(input)));
        catch_unwind(AssertUnwindSafe(once)).map_err(|panic| TestCaseError::fail(words(&*panic)))
    };
    match TestRunner::new(config).run(strategy, run) {
        Ok(()) => {}
        Err(TestError::Fail(reason, input)) => panic!("for {input:#?}: {reason}"),
        Err(abort) => panic!("{abort}"),
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned())).unwrap_or_default()
}

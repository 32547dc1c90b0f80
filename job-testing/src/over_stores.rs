//! The same tests over several stores.

use crate::Fixture;
use std::time::Duration;
use tokio::{runtime::Builder, time::timeout};

/// The longest that a test may take.
const LONGEST: Duration = Duration::from_secs(120);

/// Makes a test of each given name for each given store, in a module named after the store, so that a failure says where.
///
/// A test is an async function that takes a [`Fixture`]; an opener gives one with an empty store, or `None` where its
/// store cannot be tested: no server is there, say. Each test has a runtime of its own.
///
/// ```
/// use job_core::JobSource;
/// use job_store_mem::MemStore;
/// use job_testing::{Fixture, Recorded, assert_enqueued};
///
/// job_testing::over_stores! {
///     memory: async || Fixture::from(MemStore::new().opened()),
///     elsewhere: async || None::<Fixture>;
///     what_is_created_waits,
/// }
///
/// async fn what_is_created_waits(store: Fixture) {
///     store.source::<Recorded, _>().create(&Recorded::new("tea")).await.expect("it can be stored");
///     assert_enqueued!(store.store, Recorded { label: "tea" });
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! over_stores {
    ($($store:ident: $open:expr),+ $(,)?; $($test:ident),+ $(,)?) => {
        $crate::over_stores! { @ [$($store: $open),+] ($($test),+) }
    };
    (@ [$($store:ident: $open:expr),+] $tests:tt) => {
        $($crate::over_stores! { @ $store, $open, $tests })+
    };
    (@ $store:ident, $open:expr, ($($test:ident),+)) => {
        mod $store {
            use super::*;
            $(#[test]
            fn $test() {
                $crate::over_store($open, super::$test);
            })+
        }
    };
}

/// Runs `test` on the store that `open` opens, if there is one.
///
/// # Panics
///
/// If the test does, or takes longer than two minutes.
#[doc(hidden)]
pub fn over_store<F: Into<Option<Fixture>>>(open: impl AsyncFnOnce() -> F, test: impl AsyncFnOnce(Fixture)) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be started").block_on(async {
        if let Some(store) = open().await.into() {
            let ended = timeout(LONGEST, test(store)).await;
            assert!(ended.is_ok(), "the test did not end within {LONGEST:?}");
        }
    });
}

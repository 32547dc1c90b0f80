//! The promises of a store, one clause each, and the macro that makes them a store's tests.
//!
//! A clause is listed here, once; every store has a test of its name. `cargo xtask tidy` compares what is listed
//! with what is declared.

pub mod insert;
pub mod uniqueness;

use crate::Fixture;
use std::time::Duration;
use tokio::{runtime::Builder, time::timeout};

/// How long a clause may take: long enough for a slow disk, and the end of a deadlock.
const LONGEST: Duration = Duration::from_secs(120);

/// Makes a test of every clause of the contract, and of the reference model, for the store that `$open` opens.
///
/// `$open` is an async closure without arguments that gives a [`Fixture`](crate::Fixture), or an
/// [`Opened`](job_core::store::Opened) that needs nothing around it, of a new and empty store.
#[macro_export]
macro_rules! store_contract {
    ($open:expr) => {
        $crate::__store_contract!($open;
            insert::{
                a_new_job_is_waiting_as_asked_for,
                answers_come_in_the_order_of_the_jobs,
            }
            uniqueness::{
                racing_inserts_create_exactly_one,
            }
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_contract {
    ($open:expr; $($module:ident::{$($clause:ident),* $(,)?})*) => {
        async fn __fixture() -> $crate::Fixture {
            ($open)().await.into()
        }

        $(mod $module {
            $(#[test]
            fn $clause() {
                $crate::contract::check(super::__fixture, $crate::contract::$module::$clause);
            })*
        })*
    };
}

/// Holds the store that `open` opens to `clause`, on a runtime of its own with four threads.
///
/// # Panics
///
/// If the store breaks the promise, or the clause takes longer than two minutes.
pub fn check<F: Into<Fixture>>(open: impl AsyncFnOnce() -> F, clause: impl AsyncFnOnce(Fixture)) {
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build();
    runtime.expect("a runtime can be started").block_on(async {
        let fixture = open().await.into();
        let ended = timeout(LONGEST, clause(fixture)).await;
        assert!(ended.is_ok(), "the clause did not end within {LONGEST:?}: a deadlock, or a very slow store");
    });
}

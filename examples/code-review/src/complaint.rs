//! An error, told to whoever reads standard error.

use job_core::store::{OpenError, StoreError};
use std::{
    error::Error,
    io::{Write, stderr},
};

/// Tells the error and its causes, each in a line of its own, but for those that a line above has told already. The kind
/// of error that kept a store from being opened is left out too: it says less than the advice.
///
/// Nobody may be reading; that is no second error.
pub(crate) fn complain(command: &str, error: &(dyn Error + 'static)) {
    let mut text = format!("{command}: {error}\n");
    let advised = error.is::<OpenError>();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !(text.contains(&more) || advised && cause.is::<StoreError>()) {
            text.push_str(&format!("  because: {more}\n"));
        }
        next = cause.source();
    }
    let _ = stderr().lock().write_all(text.as_bytes());
}

//! Catches the panics of code that is not ours.

use job_core::{BoxFuture, Text};
use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    task::Poll,
};

/// Calls `call`; `Err` with the panic's text if it panics.
pub(crate) fn catching<T>(call: impl FnOnce() -> T) -> Result<T, Text> {
    // Whatever the call left half-done is dropped with it, unseen.
    catch_unwind(AssertUnwindSafe(call)).map_err(text)
}

/// Runs `future`; `Err` with the panic's text if it panics. Once it has ended there is nothing left in it whose drop could.
///
/// `around` is called before and after each poll, with true and false.
pub(crate) async fn catching_async<T>(
    mut future: BoxFuture<'static, T>,
    around: impl Fn(bool),
) -> Result<T, Text> {
    poll_fn(|context| {
        around(true);
        let polled = catching(|| future.as_mut().poll(context));
        around(false);
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(text) => Poll::Ready(Err(text)),
        }
    })
    .await
}

/// What a panic says. Whatever its payload is, dropping it does no harm.
fn text(payload: Box<dyn Any + Send>) -> Text {
    let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => Text::new(text),
        (_, Some(text)) => Text::new(text),
        (None, None) => Text::from("a panic without a text"),
    };
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // A payload that panics when it is dropped made another one: let that be.
        std::mem::forget(payload);
    }
    text
}

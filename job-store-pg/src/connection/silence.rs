//! Noticing that nothing comes any more on a connection, which no error tells.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// What `work` gives; `None` once nothing has happened in it for `silence`. Something happens in it when it is woken, and what
/// waits for a server is woken by what the server says.
pub(crate) async fn unless_silent<T>(silence: Duration, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut passed) = (pin!(work), pin!(sleep(silence)));
    poll_fn(|context| {
        if let Poll::Ready(result) = work.as_mut().poll(context) {
            return Poll::Ready(Some(result));
        }
        // Not woken by that, then by the work.
        if !passed.is_elapsed() {
            passed.as_mut().reset(Instant::now() + silence);
        }
        passed.as_mut().poll(context).map(|()| None)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn work_that_goes_on_may_last() {
        let work = async {
            let begun = Instant::now();
            while begun.elapsed() < SILENCE * 3 / 2 {
                sleep(SILENCE / 20).await;
            }
            7
        };
        assert_eq!(unless_silent(SILENCE, work).await, Some(7));
    }

    #[tokio::test]
    async fn work_that_stands_still_ends() {
        let begun = Instant::now();
        let work = async {
            sleep(SILENCE / 2).await;
            std::future::pending::<()>().await;
        };
        assert_eq!(unless_silent(SILENCE, work).await, None);
        assert!(begun.elapsed() >= SILENCE * 3 / 2, "counted from when it was woken last");
    }
}

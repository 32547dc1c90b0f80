//! Races: many tasks that begin at the same moment, and calls that are dropped on the way.

use futures_util::FutureExt;
use std::sync::Arc;
use tokio::{sync::Barrier, task::JoinSet};

/// Runs `body(0)` to `body(n - 1)` as tasks that all wait for one another before they begin, and gives their
/// results by number.
///
/// # Panics
///
/// If one of them does.
pub async fn race<T, F>(n: usize, body: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let line = Arc::new(Barrier::new(n));
    let mut runners = JoinSet::new();
    for number in 0..n {
        let (line, run) = (line.clone(), body(number));
        runners.spawn(async move {
            line.wait().await;
            (number, run.await)
        });
    }
    let mut results = runners.join_all().await;
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Polls `call` at most `polls` times and drops it, as a `select!` does whose other branch won. Gives its answer, if it
/// was faster.
pub async fn dropped_after<T>(polls: usize, call: impl Future<Output = T> + Unpin) -> Option<T> {
    let mut call = call;
    for _ in 0..polls {
        if let Some(answer) = (&mut call).now_or_never() {
            return Some(answer);
        }
        tokio::task::yield_now().await;
    }
    None
}

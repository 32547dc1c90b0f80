//! Connections are cut around a commit while jobs flow: nobody can tell on which side of it.

use super::{database::Database, flow::Flow, shared, times};
use job_testing::proxy::{Cut, Proxy, Side, Write};
use std::time::Duration;
use tokio::time::sleep;
use uuid::Uuid;

/// Every way to cut, as often as this in a round.
const EACH: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_before_or_after_a_commit_loses_no_job_and_completes_none_twice() {
    let Some(server) = shared() else { return };
    let database = Database::new(&server).await;
    // The runner's statements commit by themselves; the handlers' transactions, which complete their jobs, by COMMIT.
    let (store, handlers) = (Proxy::before(&server).unwrap(), Proxy::before(&server).unwrap());
    let flow = Flow::new(&database, store.url(), handlers.url()).await;
    let rounds = times(3, 50);
    let (mut failed, mut lapsed) = (0, 0);
    for _ in 0..rounds {
        let ((), jobs) = flow.round(async |_| cut(&store, &handlers).await).await;
        failed += jobs.iter().map(|it| it.state.attempt_count() - 1).sum::<u32>();
        lapsed += jobs.iter().map(|it| it.state.crash_count()).sum::<u32>();
    }
    eprintln!("{rounds} rounds of {} cuts, {failed} further attempts", 4 * EACH);
    assert_eq!(lapsed, 0, "what a lost answer had claimed waits for no lease to end");
}

/// Cuts until each way has had its share, one cut after the other. There are many more writes than it takes.
async fn cut(store: &Proxy, handlers: &Proxy) {
    let ways = [
        (store, Write::Statement, Side::Before),
        (store, Write::Statement, Side::After),
        (handlers, Write::Transaction, Side::Before),
        (handlers, Write::Transaction, Side::After),
    ];
    let mut left: Vec<_> = ways.iter().cycle().take(4 * EACH).collect();
    while !left.is_empty() {
        let (proxy, write, side) = left.swap_remove(random() % left.len());
        let skip = u32::try_from(random() % 3).unwrap();
        proxy.cut_at(Cut { write: *write, side: *side, skip });
        while proxy.is_armed() {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

fn random() -> usize {
    usize::from(Uuid::new_v4().as_bytes()[0])
}

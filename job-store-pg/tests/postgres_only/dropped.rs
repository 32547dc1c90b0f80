//! Futures that are dropped at any moment.

use crate::{run, server::TestSchema};
use job_core::{
    JobId, JobStatus,
    store::{Claim, Filter, JobStore, JobStoreExt},
};
use job_testing::{Fixture, factory};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio::{select, task::yield_now, time::sleep};
use uuid::Uuid;

/// How long we wait for what goes on after a drop.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_dropped_call_leaves_no_claim_no_transaction_and_no_busy_connection() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let fixture = Fixture::from(store.opened());
        fixture.insert(&fixture.jobs(600)).await;
        let mut received = BTreeSet::new();
        for n in 0..500_u32 {
            let moment = Duration::from_micros(u64::from(Uuid::new_v4().as_bytes()[0]) * 20);
            let claim = Claim { limit: factory::limit(1), by: factory::actor(n.into()), ..fixture.claim() };
            select! {
                biased;
                claimed = store.claim(&claim) => {
                    received.extend(claimed.unwrap().jobs.into_iter().map(|it| it.id));
                }
                () = passes(moment) => {}
            }
        }
        assert!(received.len() < 500, "some were dropped before they were received");
        let begun = Instant::now();
        loop {
            let running = running(&store).await;
            let (open, free) = store.connections();
            if running == received && free == open {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "orphans: {:?}", running.difference(&received));
            sleep(Duration::from_millis(20)).await;
        }
        let idle = "SELECT count(*) AS n FROM pg_stat_activity \
            WHERE application_name = '{app}' AND state LIKE 'idle in transaction%'";
        assert_eq!(schema.number(&idle.replace("{app}", &schema.name)).await, 0);
    });
}

async fn passes(moment: Duration) {
    // A timer counts in milliseconds, and a call takes about one.
    let begun = Instant::now();
    while begun.elapsed() < moment {
        yield_now().await;
    }
}

async fn running(store: &impl JobStore) -> BTreeSet<JobId> {
    let filter = Filter { statuses: Some(vec![JobStatus::Running]), ..Filter::default() };
    store.find(&filter, factory::limit(1000)).await.unwrap().into_iter().map(|it| it.id).collect()
}

//! How much a prune looks at: rows that have to stay do not make it longer and longer.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::SimpleAsyncConnection;
use job_core::{
    JobStatus, Timestamp,
    store::{Deletion, JobStore},
};
use job_testing::{Fixture, factory};

/// More than a statement looks at.
const MANY: i64 = 25_000;

/// Completed jobs, of which the last by its id ended an hour ago, and all others just now. Their ids were minted `minted`,
/// as PostgreSQL says it.
async fn fill(schema: &TestSchema, minted: &str) {
    let fill = format!(
        "INSERT INTO {}.job (id, type, args, priority, max_retries, date_created, status, queue, attempt_count, crash_count, \
             scheduled_start, date_finished, revision) \
         SELECT (lpad(to_hex((extract(epoch FROM {minted}) * 1000)::bigint), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid, \
             'test', '1', 0, 0, now(), 2, 'default', 0, 0, now(), \
             CASE WHEN n = {MANY} THEN now() - interval '1 hour' ELSE now() END, 0 \
         FROM generate_series(1, {MANY}) AS n",
        schema.name
    );
    server::connect().await.batch_execute(&fill).await.unwrap();
}

fn old(before: Timestamp) -> Deletion {
    let statuses = vec![JobStatus::Completed];
    Deletion::Final { before, statuses, types: None, limit: factory::limit(1000), keep_newest: None }
}

#[test]
fn what_ended_long_ago_is_found_behind_many_that_stay() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        fill(&schema, "now() - interval '2 hours'").await;
        let before = store.now().await.unwrap().before(std::time::Duration::from_secs(1800));
        assert_eq!(store.delete(&old(before)).await.unwrap(), 1);
        assert_eq!(store.delete(&old(before)).await.unwrap(), 0);
    });
}

#[test]
fn an_id_of_a_clock_that_goes_ahead_is_found_a_part_at_a_time() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        fill(&schema, "now() + interval '1 day'").await;
        let before = store.now().await.unwrap().before(std::time::Duration::from_secs(1800));
        let mut calls = Vec::new();
        for _ in 0..6 {
            calls.push(store.delete(&old(before)).await.unwrap());
        }
        assert_eq!(calls, [0, 0, 1, 0, 0, 0], "each call looks at ten thousand of them");
        // Once more from the first: the last of them has ended since.
        let fixture = Fixture::from(store.opened());
        let before = store.now().await.unwrap() + std::time::Duration::from_secs(1);
        let mut deleted = 0;
        while deleted < MANY as u64 - 1 {
            let some = store.delete(&old(before)).await.unwrap();
            assert!(some > 0, "after {deleted}");
            deleted += some;
        }
        assert!(fixture.all().await.is_empty());
    });
}

//! A head that is full of rows of types which nobody here knows.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::SimpleAsyncConnection;
use job_core::{
    Clock, NewJob,
    store::{Claim, JobStore},
};
use job_testing::factory;
use std::collections::BTreeSet;

#[test]
fn all_jobs_behind_a_rotten_head_are_started_and_urgent_ones_soon() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let foreign = format!(
            "INSERT INTO {}.job (id, type, args, priority, max_retries, date_created, status, queue, attempt_count, \
                 crash_count, scheduled_start, revision) \
             SELECT gen_random_uuid(), 'foreign', '1', 0, 0, now(), 0, 'default', 0, 0, '2020-01-01', 0 \
             FROM generate_series(1, 100000)",
            schema.name
        );
        server::connect().await.batch_execute(&foreign).await.unwrap();
        let jobs: Vec<NewJob> = (0..200).map(|_| factory::job(store.mint())).collect();
        store.insert(&jobs, Clock::Store).await.unwrap();
        let claim = Claim { limit: factory::limit(10), ..factory::claim(Clock::Store) };
        let mut started = BTreeSet::new();
        let mut places = Vec::new();
        for _ in 0..10 {
            let claimed = store.claim(&claim).await.unwrap();
            places.extend(claimed.jobs.iter().map(|it| it.place()));
            started.extend(claimed.jobs.iter().map(|it| it.id));
        }
        assert_eq!(started.len(), 100);
        assert!(places.is_sorted(), "nothing came in front, so the order is kept");

        // In front of the floor, if there is one: taken when the head is looked at next, by a full claim at the latest.
        let urgent = NewJob { priority: 9, ..factory::job(store.mint()) };
        store.insert(std::slice::from_ref(&urgent), Clock::Store).await.unwrap();
        while started.len() < 201 {
            let claimed = store.claim(&claim).await.unwrap();
            assert!(!claimed.is_empty(), "an empty answer has looked at the head");
            started.extend(claimed.jobs.iter().map(|it| it.id));
        }
        assert!(started.contains(&urgent.id));
    });
}

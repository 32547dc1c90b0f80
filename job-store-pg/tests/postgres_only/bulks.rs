//! Many jobs by one call, whose statements are one transaction.

use crate::{
    jobs::Keyed,
    run,
    server::{self, TestSchema},
};
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use job_core::{
    Options,
    store::{Claim, JobStore},
};
use job_store_pg::{AcquiredId, EnqueueError};
use job_testing::factory;
use std::time::Duration;

/// Which takes two statements, with room at both ends.
const MANY: u32 = 4000;

/// A job for each number, whose keys are as long.
fn keyed(numbers: impl Iterator<Item = u32>) -> Vec<Keyed> {
    numbers.map(|n| Keyed::new(&format!("{n:04}"))).collect()
}

#[test]
fn two_bulks_of_the_same_keys_in_any_order_both_get_through() {
    run(async {
        let schema = TestSchema::new().await;
        schema.store().await;
        let (jobs, options) = (schema.jobs(), Options::default());
        // Both come to a stop at a key that somebody has just written, and go on together.
        let mut first = server::connect().await;
        first.batch_execute("BEGIN").await.unwrap();
        for key in keyed([0, 2000].into_iter()) {
            jobs.acquire_on(&mut first, &key, &options).await.unwrap();
        }
        let orders = [keyed(0..MANY), keyed((2000..MANY).chain(0..2000))];
        let bulks = orders.map(|keys| {
            let (jobs, name) = (jobs.clone(), schema.name.clone());
            tokio::spawn(async move {
                let mut conn = server::connect().await;
                conn.batch_execute(&format!("SET application_name = '{name}'")).await.unwrap();
                jobs.create_many_on(&mut conn, &keys, &Options::default()).await
            })
        });
        while schema.waiting().await < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        first.batch_execute("ROLLBACK").await.unwrap();
        let mut created = 0;
        for bulk in bulks {
            let answers: Result<Vec<AcquiredId>, EnqueueError> = bulk.await.unwrap();
            let answers = answers.expect("neither is failed for the other's sake");
            created += answers.iter().filter(|it| matches!(it, AcquiredId::Created(_))).count();
        }
        assert_eq!(created, MANY as usize, "each key once");
    });
}

#[test]
fn a_bulk_answers_and_starts_in_the_order_in_which_it_was_given() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, schema.jobs());
        let mut conn = server::connect().await;
        let backwards = keyed((0..MANY).rev());
        let twice = keyed([7, MANY - 1].into_iter());
        let given: Vec<&Keyed> = backwards.iter().chain(&twice).collect();
        let answers = conn
            .transaction(async |conn| jobs.create_many_on(conn, given, &Options::default()).await)
            .await
            .unwrap();
        let created = &answers[..MANY as usize];
        assert!(created.iter().all(|it| matches!(it, AcquiredId::Created(_))));
        assert_eq!(
            answers[MANY as usize..],
            [MANY as usize - 8, 0].map(|n| AcquiredId::Existing(created[n].id())),
            "of equal keys the first wins"
        );
        let claim = Claim { limit: factory::limit(MANY), ..factory::claim(job_core::Clock::Store) };
        let started = store.claim(&Claim { types: vec![factory::named("test")], ..claim }).await.unwrap();
        let started: Vec<_> = started.jobs.iter().map(|it| it.id).collect();
        assert_eq!(started, created.iter().map(|it| it.id()).collect::<Vec<_>>());
    });
}

//! A job that is relied on without a pause is started all the same.

use crate::{
    jobs::Keyed,
    run,
    server::{self, TestSchema},
};
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use job_core::{
    Clock, Options,
    store::{Claim, JobStore},
};
use job_store_pg::{AcquiredId, EnqueueError};
use job_testing::factory;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How many callers there are: enough that there is no moment at which none relies on the job.
const CALLERS: u32 = 16;
/// How long each caller's transaction is open, without a pause between two.
const OPEN: Duration = Duration::from_millis(50);

fn claim() -> Claim {
    Claim { types: vec![factory::named("test")], ..factory::claim(Clock::Store) }
}

#[test]
fn a_job_that_overlapping_transactions_rely_on_starts_soon_and_while_none_relies_on_it() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, schema.jobs());
        let mut conn = server::connect().await;
        let holder = jobs.create_on(&mut conn, &Keyed::new("k"), &Options::default()).await.unwrap();
        let (ended, relying) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let callers: Vec<_> = (0..CALLERS)
            .map(|nth| {
                let (jobs, ended, relying) = (jobs.clone(), ended.clone(), relying.clone());
                tokio::spawn(async move {
                    sleep(OPEN / CALLERS * nth).await;
                    let mut conn = server::connect().await;
                    while !ended.load(Ordering::SeqCst) {
                        conn.transaction(async |conn| {
                            let acquired =
                                jobs.acquire_on(conn, &Keyed::new("k"), &Options::default()).await?;
                            let relies = acquired == AcquiredId::Existing(holder);
                            relying.fetch_add(usize::from(relies), Ordering::SeqCst);
                            sleep(OPEN).await;
                            relying.fetch_sub(usize::from(relies), Ordering::SeqCst);
                            Ok::<_, EnqueueError>(())
                        })
                        .await
                        .expect("nobody is failed for the claim's sake");
                    }
                })
            })
            .collect();
        while relying.load(Ordering::SeqCst) < 2 {
            sleep(Duration::from_millis(1)).await;
        }
        let begun = Instant::now();
        while store.claim(&claim()).await.unwrap().jobs.iter().all(|it| it.id != holder) {
            assert!(begun.elapsed() < Duration::from_secs(20), "it starves");
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(relying.load(Ordering::SeqCst), 0, "who was told that it exists has ended");
        ended.store(true, Ordering::SeqCst);
        for caller in callers {
            caller.await.unwrap();
        }
    });
}

#[test]
fn a_job_that_one_long_transaction_relies_on_holds_up_neither_others_nor_the_claim() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, schema.jobs());
        let mut conn = server::connect().await;
        let holder = jobs.create_on(&mut conn, &Keyed::new("k"), &Options::default()).await.unwrap();
        let long_ago = format!("UPDATE {}.job SET scheduled_start = now() - interval '1 h'", schema.name);
        conn.batch_execute(&long_ago).await.unwrap();
        conn.batch_execute("BEGIN").await.unwrap();
        let existing = jobs.acquire_on(&mut conn, &Keyed::new("k"), &Options::default()).await.unwrap();
        assert_eq!(existing, AcquiredId::Existing(holder));
        let mut other = server::connect().await;
        for n in 0..10 {
            let key = Keyed::new(&format!("other {n}"));
            let id = jobs.create_on(&mut other, &key, &Options::default()).await.unwrap();
            let begun = Instant::now();
            let started = store.claim(&claim()).await.unwrap().jobs;
            assert_eq!(started.iter().map(|it| it.id).collect::<Vec<_>>(), [id]);
            assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        }
        conn.batch_execute("COMMIT").await.unwrap();
        assert_eq!(store.claim(&claim()).await.unwrap().jobs[0].id, holder);
    });
}

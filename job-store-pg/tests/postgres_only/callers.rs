//! Enqueueing inside the caller's own transaction.

use crate::{
    jobs::{Keyed, Plain},
    run,
    server::{self, TestSchema},
};
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use job_core::{
    BoxError, Options,
    store::{Filter, JobStore, JobStoreExt},
};
use job_store_pg::{AcquiredId, EnqueueError};
use job_testing::{Fixture, factory};

#[test]
fn what_is_enqueued_is_part_of_the_transaction_and_of_the_savepoint() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, schema.jobs());
        let mut conn = server::connect().await;
        let options = Options::default();
        let rolled_back = conn
            .transaction(async |conn| {
                jobs.create_on(conn, &Plain { n: 1 }, &options).await?;
                assert!(!store.any(&Filter::default()).await.unwrap(), "nobody sees it before the commit");
                Err::<(), BoxError>("changed my mind".into())
            })
            .await;
        assert_eq!(rolled_back.unwrap_err().to_string(), "changed my mind");
        assert!(!store.any(&Filter::default()).await.unwrap());

        let kept = conn
            .transaction(async |conn| {
                let kept = jobs.create_on(conn, &Plain { n: 2 }, &options).await?;
                let inner = conn.transaction(async |conn| {
                    jobs.create_on(conn, &Plain { n: 3 }, &options).await?;
                    Err::<(), EnqueueError>(diesel::result::Error::RollbackTransaction.into())
                });
                assert!(inner.await.is_err());
                Ok::<_, EnqueueError>(kept)
            })
            .await
            .unwrap();
        let stored = store.find(&Filter::default(), factory::limit(10)).await.unwrap();
        assert_eq!(stored.iter().map(|it| it.id).collect::<Vec<_>>(), [kept]);
        assert_eq!(stored[0].spec.args.as_str(), r#"{"n":2}"#);
    });
}

#[test]
fn a_job_is_the_same_whether_the_store_or_the_caller_inserts_it() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, schema.jobs());
        let mut conn = server::connect().await;
        let id = jobs.create_on(&mut conn, &Keyed::new("k"), &Options::default()).await.unwrap();
        let theirs = store.get(id).await.unwrap().unwrap();
        let job = job_core::JobType::draft(&Keyed::new("k"), id, &Options::default(), None).unwrap();
        let ours = job.created(theirs.spec.date_created);
        assert_eq!(theirs, ours);
    });
}

#[test]
fn a_holder_that_is_relied_on_does_not_start_before_the_commit() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, schema.jobs());
        let fixture = Fixture::from(store.opened());
        let holder = fixture.create(&fixture.keyed("\"k\"")).await;
        let claim = job_core::store::Claim { types: vec![factory::named("test")], ..fixture.claim() };
        let mut conn = server::connect().await;
        conn.transaction(async |conn| {
            let existing = jobs.acquire_on(conn, &Keyed::new("k"), &Options::default()).await?;
            assert_eq!(existing, AcquiredId::Existing(holder.id));
            assert_eq!(fixture.start(&claim).await, [], "a claim skips it");
            // Another producer may rely on it too, at the same time.
            let mut other = server::connect().await;
            let too = jobs.acquire_on(&mut other, &Keyed::new("k"), &Options::default()).await?;
            assert_eq!(too, existing);
            Ok::<_, EnqueueError>(())
        })
        .await
        .unwrap();
        assert_eq!(fixture.start(&claim).await.len(), 1);
    });
}

#[test]
fn a_running_holder_is_never_locked() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, schema.jobs());
        let fixture = Fixture::from(store.opened());
        let pending = job_core::NewJob {
            unique: Some(factory::unique("\"k\"", job_core::UniqueScope::Pending)),
            ..fixture.job()
        };
        let running = fixture.running(&pending).await;
        let mut conn = server::connect().await;
        conn.transaction(async |conn| {
            let existing = jobs.acquire_on(conn, &Keyed::new("k"), &Options::default()).await?;
            assert_eq!(existing, AcquiredId::Existing(running.id));
            let completed = fixture.change(&factory::change(&running, running.complete(fixture.now()))).await;
            assert_eq!(completed, job_core::Reply::Applied, "its completion waits for nobody");
            Ok::<_, EnqueueError>(())
        })
        .await
        .unwrap();
    });
}

#[test]
fn a_hundred_thousand_jobs_stream_and_stay_unique() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, schema.jobs());
        let mut conn = server::connect().await;
        let many: Vec<Keyed> = (0..100_000).map(|n| Keyed::new(&(n % 99_000).to_string())).collect();
        let answers = jobs.create_many_on(&mut conn, &many, &Options::default()).await.unwrap();
        let created = |it: &&AcquiredId| matches!(it, AcquiredId::Created(_));
        assert_eq!(answers.len(), 100_000);
        assert_eq!(answers.iter().filter(created).count(), 99_000);
        for (n, answer) in answers.iter().enumerate().skip(99_000) {
            assert_eq!(*answer, AcquiredId::Existing(answers[n - 99_000].id()), "the first of a key wins");
        }
        assert_eq!(store.count(&Filter::default(), u64::MAX).await.unwrap().jobs, 99_000);
    });
}

#[test]
fn one_that_cannot_be_stored_stops_all_of_the_call() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, schema.jobs());
        let mut conn = server::connect().await;
        let many: Vec<Keyed> = (0..3000).map(|n| Keyed::new(if n == 2999 { "\0" } else { "fine" })).collect();
        let refused = jobs.create_many_on(&mut conn, &many, &Options::default()).await;
        assert!(matches!(refused, Err(EnqueueError::Invalid(_))), "{refused:?}");
        assert!(!store.any(&Filter::default()).await.unwrap());
    });
}

#[test]
fn two_schemas_live_on_one_connection() {
    run(async {
        let (one, two) = (TestSchema::new().await, TestSchema::new().await);
        let stores = [one.store().await, two.store().await];
        let mut conn = server::connect().await;
        for round in 0..3 {
            for (schema, store) in [&one, &two].into_iter().zip(&stores) {
                let jobs = schema.jobs();
                jobs.create_on(&mut conn, &Plain { n: round }, &Options::default()).await.unwrap();
                let stored = store.count(&Filter::default(), 100).await.unwrap().jobs;
                assert_eq!(stored, u64::from(round) + 1);
            }
        }
    });
}

#[test]
fn what_is_deleted_is_part_of_the_transaction() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, schema.jobs());
        let mut conn = server::connect().await;
        let id = jobs.create_on(&mut conn, &Plain { n: 1 }, &Options::default()).await.unwrap();
        conn.batch_execute("BEGIN").await.unwrap();
        assert_eq!(jobs.delete_on(&mut conn, &[id, store.mint()]).await.unwrap(), 1);
        conn.batch_execute("ROLLBACK").await.unwrap();
        assert!(store.get(id).await.unwrap().is_some());
        assert_eq!(jobs.delete_on(&mut conn, &[id]).await.unwrap(), 1);
        assert!(store.get(id).await.unwrap().is_none());
    });
}

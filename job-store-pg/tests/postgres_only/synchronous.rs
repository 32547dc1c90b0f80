//! The same on a synchronous connection.

use crate::{
    jobs::Keyed,
    run,
    server::{self, TestSchema},
};
use diesel::{Connection, PgConnection};
use job_core::{
    Completion, Options, Then,
    store::{Filter, JobStore, JobStoreExt},
};
use job_store_pg::{AcquiredId, EnqueueError, sync};
use job_testing::Fixture;

#[test]
fn a_synchronous_caller_enqueues_in_its_transaction() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, sync::Jobs::from(schema.jobs()));
        let mut conn = PgConnection::establish(server::url()).unwrap();
        let options = Options::default();
        let rolled_back = conn.transaction(|conn| {
            jobs.create_on(conn, &Keyed::new("k"), &options)?;
            Err::<(), EnqueueError>(diesel::result::Error::RollbackTransaction.into())
        });
        assert!(rolled_back.is_err());
        assert!(!store.any(&Filter::default()).await.unwrap());

        let many: Vec<Keyed> = ["a", "b", "a"].into_iter().map(Keyed::new).collect();
        let answers = jobs.create_many_on(&mut conn, &many, &options).unwrap();
        assert_eq!(answers[2], AcquiredId::Existing(answers[0].id()));
        let again = jobs.acquire_on(&mut conn, &Keyed::new("b"), &options).unwrap();
        assert_eq!(again, AcquiredId::Existing(answers[1].id()));
        assert_eq!(jobs.delete_on(&mut conn, &[again.id()]).unwrap(), 1);
        assert_eq!(store.count(&Filter::default(), 10).await.unwrap().jobs, 1);
    });
}

#[test]
fn a_synchronous_handler_completes_in_its_transaction() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, sync::Jobs::from(schema.jobs()));
        let fixture = Fixture::from(store.opened());
        let running = fixture.running(&fixture.job()).await;
        let by = running.state.lease().unwrap().holder;
        let mut conn = PgConnection::establish(server::url()).unwrap();
        let completion = || Completion::new(running.clone(), by, "postgres", Then::Keep);
        let completed = conn.transaction(|conn| jobs.complete_on(conn, completion())).unwrap();
        assert_eq!(completed.job(), running.id);
        let lost = conn.transaction(|conn| jobs.complete_on(conn, completion()));
        assert!(matches!(lost, Err(job_store_pg::CompleteError::Lost(_))), "{lost:?}");
    });
}

//! Completion inside the handler's own transaction.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use job_core::{
    Completion, JobStatus, Then,
    store::{JobStore, JobStoreExt},
};
use job_store_pg::CompleteError;
use job_testing::{Fixture, factory};

#[test]
fn effects_and_completion_commit_together() {
    run(async {
        let schema = TestSchema::new().await;
        let (store, jobs) = (schema.store().await, schema.jobs());
        let fixture = Fixture::from(store.opened());
        let effect = format!("INSERT INTO {}.effect VALUES (1)", schema.name);
        let mut conn = server::connect().await;
        conn.batch_execute(&format!("CREATE TABLE {}.effect (n int)", schema.name)).await.unwrap();
        let running = fixture.running(&fixture.job()).await;
        let by = running.state.lease().unwrap().holder;
        let completed = conn
            .transaction(async |conn| {
                conn.batch_execute(&effect).await?;
                let completion = Completion::new(running.clone(), by, "postgres", Then::Keep);
                let completed = jobs.complete_on(conn, completion).await?;
                assert_eq!(fixture.get(running.id).await.state.status(), JobStatus::Running);
                Ok::<_, CompleteError>(completed)
            })
            .await
            .unwrap();
        assert_eq!(completed.job(), running.id);
        assert_eq!(fixture.get(running.id).await.state.status(), JobStatus::Completed);
        assert_eq!(schema.number("SELECT count(*) AS n FROM {schema}.effect").await, 1);

        // The same attempt again: the job is lost to it, and nothing of the transaction is kept.
        let lost = conn
            .transaction(async |conn| {
                conn.batch_execute(&effect).await?;
                let completion = Completion::new(running.clone(), by, "postgres", Then::Keep);
                jobs.complete_on(conn, completion).await
            })
            .await;
        assert!(matches!(lost, Err(CompleteError::Lost(_))), "{lost:?}");
        assert_eq!(schema.number("SELECT count(*) AS n FROM {schema}.effect").await, 1);
    });
}

#[test]
fn a_completion_may_delete_the_row() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let fixture = Fixture::from(store.opened());
        let running = fixture.running(&fixture.job()).await;
        let by = running.state.lease().unwrap().holder;
        let mut conn = server::connect().await;
        let completion = Completion::new(running.clone(), by, "postgres", Then::Delete);
        let completed = schema.jobs().complete_on(&mut conn, completion).await.unwrap();
        assert_eq!(completed.job(), running.id);
        assert_eq!(fixture.find(running.id).await, None);
    });
}

#[test]
fn a_cancelled_job_is_lost_to_its_handler() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let fixture = Fixture::from(store.opened());
        let running = fixture.running(&fixture.job()).await;
        let by = running.state.lease().unwrap().holder;
        fixture.moved(&factory::change(&running, running.cancel("no".into(), fixture.now()))).await;
        let mut conn = server::connect().await;
        let completion = Completion::new(running, by, "postgres", Then::Keep);
        let lost = schema.jobs().complete_on(&mut conn, completion).await;
        assert!(matches!(lost, Err(CompleteError::Lost(_))), "{lost:?}");
    });
}

#[test]
fn a_completion_of_another_store_is_refused_by_name() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let fixture = Fixture::from(store.opened());
        let running = fixture.running(&fixture.job()).await;
        let completion = Completion::new(running.clone(), factory::actor(1), "sqlite", Then::Keep);
        let refused = schema.jobs().complete_on(&mut server::connect().await, completion).await;
        assert!(matches!(refused, Err(CompleteError::OtherStore { claimed_from: "sqlite" })), "{refused:?}");
        assert_eq!(store.get(running.id).await.unwrap(), Some(running));
        assert!(store.now().await.is_ok());
    });
}

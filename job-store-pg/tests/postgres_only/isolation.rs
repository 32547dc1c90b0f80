//! Completion in transactions that keep their first snapshot, while leases are renewed.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel::{Connection, PgConnection, connection::SimpleConnection};
use diesel_async::SimpleAsyncConnection;
use job_core::{
    BoxError, Completion, Job, JobStatus, Then,
    store::{Held, Renewed},
};
use job_store_pg::{CompleteError, sync};
use job_testing::{Fixture, factory};

const LEVELS: [(&str, bool); 3] =
    [("read committed", false), ("repeatable read", true), ("serializable", true)];

fn completion(job: &Job) -> Completion {
    Completion::new(job.clone(), job.state.lease().unwrap().holder, "postgres", Then::Keep)
}

/// What the heart does every ten seconds.
async fn renew(fixture: &Fixture, job: &Job) -> Renewed {
    let held = Held { id: job.id, revision: job.state.revision(), progress: None };
    fixture.renew(&[held]).await[0]
}

#[test]
fn a_renewal_in_its_midst_does_not_fail_a_completion() {
    run(async {
        let schema = TestSchema::new().await;
        let (fixture, jobs) = (Fixture::from(schema.store().await.opened()), schema.jobs());
        let mut conn = server::connect().await;
        for (level, holds) in LEVELS {
            let set = format!("SET default_transaction_isolation = '{level}'");
            conn.batch_execute(&set).await.unwrap();
            for then in [Then::Keep, Then::Delete] {
                let job = fixture.running(&fixture.job()).await;
                let by = job.state.lease().unwrap().holder;
                let completion = Completion::new(job.clone(), by, "postgres", then);
                let done = jobs.complete_in(&mut conn, completion, async |_| {
                    let renewed = renew(&fixture, &job).await;
                    assert_eq!(renewed == Renewed::Busy, holds, "{level}: {renewed:?}");
                    Ok::<_, BoxError>(())
                });
                assert_eq!(done.await.unwrap().job(), job.id, "{level}");
                let state = fixture.find(job.id).await.map(|it| it.state.status());
                assert_eq!(state, (then == Then::Keep).then_some(JobStatus::Completed), "{level}");
            }
        }
    });
}

#[test]
fn a_transaction_of_ones_own_holds_its_job() {
    run(async {
        let schema = TestSchema::new().await;
        let (fixture, jobs) = (Fixture::from(schema.store().await.opened()), schema.jobs());
        let mut conn = server::connect().await;
        for holds in [true, false] {
            let job = fixture.running(&fixture.job()).await;
            let completion = completion(&job);
            let done = conn
                .build_transaction()
                .serializable()
                .run(async |conn| {
                    if holds {
                        jobs.hold_on(conn, &completion).await?;
                    } else {
                        conn.batch_execute(&format!("SELECT FROM {}.note", schema.name)).await?;
                    }
                    renew(&fixture, &job).await;
                    jobs.complete_on(conn, completion).await
                })
                .await;
            assert_eq!(done.is_ok(), holds, "without it, it cannot succeed: {done:?}");
        }
    });
}

#[test]
fn a_synchronous_handler_holds_its_job_too() {
    run(async {
        let schema = TestSchema::new().await;
        let (fixture, jobs) = (Fixture::from(schema.store().await.opened()), sync::Jobs::from(schema.jobs()));
        let job = fixture.running(&fixture.job()).await;
        let mut conn = PgConnection::establish(server::url()).unwrap();
        conn.batch_execute("SET default_transaction_isolation = 'repeatable read'").unwrap();
        let mut other = PgConnection::establish(server::url()).unwrap();
        let done = jobs.complete_in(&mut conn, completion(&job), |_| {
            let renew =
                format!("UPDATE {}.job SET lease_expires = now() WHERE id = '{}'", schema.name, job.id);
            let refused = other.batch_execute(&format!("SET lock_timeout = '20ms'; {renew}")).unwrap_err();
            assert!(refused.to_string().contains("lock timeout"), "{refused}");
            Ok::<_, BoxError>(())
        });
        assert_eq!(done.unwrap().job(), job.id);
    });
}

#[test]
fn where_the_job_is_lost_already_nothing_is_done() {
    run(async {
        let schema = TestSchema::new().await;
        let (fixture, jobs) = (Fixture::from(schema.store().await.opened()), schema.jobs());
        let mut conn = server::connect().await;
        for (level, _) in LEVELS {
            conn.batch_execute(&format!("SET default_transaction_isolation = '{level}'")).await.unwrap();
            let job = fixture.running(&fixture.job()).await;
            fixture.moved(&factory::change(&job, job.cancel("no".into(), fixture.now()))).await;
            let done =
                jobs.complete_in(&mut conn, completion(&job), async |_| -> Result<(), CompleteError> {
                    panic!("the work is not begun")
                });
            assert!(matches!(done.await, Err(CompleteError::Lost(_))), "{level}");
        }
    });
}

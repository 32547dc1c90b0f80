//! What a claim passes by, and what it never does.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::SimpleAsyncConnection;
use job_core::{
    Reply,
    store::{Claim, Held, Renewed},
};
use job_store_pg::PgStore;
use job_testing::{Fixture, factory};

#[test]
fn a_locked_row_is_passed_by_and_not_waited_for() {
    run(async {
        let schema = TestSchema::new().await;
        let fixture = Fixture::from(schema.store().await.opened());
        let jobs = fixture.jobs(3);
        fixture.insert(&jobs).await;
        let mut conn = server::connect().await;
        let lock = format!("BEGIN; SELECT FROM {}.job WHERE id = '{}' FOR UPDATE", schema.name, jobs[0].id);
        conn.batch_execute(&lock).await.unwrap();
        let started = fixture.start(&fixture.claim()).await;
        assert_eq!(started.iter().map(|it| it.id).collect::<Vec<_>>(), [jobs[1].id, jobs[2].id]);
        conn.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(fixture.start(&fixture.claim()).await[0].id, jobs[0].id);
    });
}

#[test]
fn no_planner_setting_makes_a_claim_exceed_its_limit() {
    run(async {
        let schema = TestSchema::new().await;
        schema.store().await;
        let off = [
            "hashjoin",
            "mergejoin",
            "material",
            "hashagg",
            "sort",
            "memoize",
            "indexscan",
            "bitmapscan",
            "tidscan",
        ];
        let words: Vec<String> = off.iter().map(|it| format!("-cenable_{it}=off")).collect();
        let hostile = PgStore::connect(&schema.options_with(&words.join(" "))).await.unwrap();
        let fixture = Fixture::from(hostile.opened());
        fixture.insert(&fixture.jobs(50)).await;
        for _ in 0..10 {
            let claim = Claim { limit: factory::limit(3), ..fixture.claim() };
            assert_eq!(fixture.start(&claim).await.len(), 3);
        }
        assert_eq!(fixture.start(&fixture.claim()).await.len(), 20);
    });
}

#[test]
fn an_application_row_in_an_open_transaction_delays_nothing() {
    run(async {
        let schema = TestSchema::new().await;
        // A lock that is waited for at all would make these calls fail or answer Busy.
        let fixture = Fixture::from(schema.store().await.opened());
        let job = fixture.create(&fixture.keyed("k")).await;
        let mut conn = server::connect().await;
        let table = format!("CREATE TABLE {0}.proposal (job uuid REFERENCES {0}.job (id))", schema.name);
        conn.batch_execute(&table).await.unwrap();
        let refers = format!("BEGIN; INSERT INTO {}.proposal VALUES ('{}')", schema.name, job.id);
        conn.batch_execute(&refers).await.unwrap();
        let started = fixture.start(&fixture.claim()).await.remove(0);
        assert_eq!(started.id, job.id);
        let held = Held { id: job.id, revision: started.state.revision(), progress: None };
        assert!(matches!(fixture.renew(&[held]).await[..], [Renewed::Until(_)]));
        let replies = fixture.apply(&[factory::change(&started, started.complete(fixture.now()))]).await;
        assert_eq!(replies, [Reply::Applied]);
        conn.batch_execute("COMMIT").await.unwrap();
    });
}

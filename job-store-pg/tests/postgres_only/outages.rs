//! Connections that are cut, plans that no longer fit, and tables that do not answer.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::SimpleAsyncConnection;
use job_core::{
    JobId, JobStatus, Reply,
    store::{Claim, JobStore, StoreError},
};
use job_store_pg::PgStore;
use job_testing::{Fixture, factory};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use tokio::time::sleep;

#[test]
fn cut_connections_lose_no_job_and_complete_none_twice() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let fixture = Fixture::from(store.opened());
        fixture.insert(&fixture.jobs(200)).await;
        let cut = async {
            let all = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity WHERE application_name = '{app}'";
            loop {
                schema.number(&all.replace("{app}", &schema.name)).await;
                sleep(Duration::from_millis(25)).await;
            }
        };
        let mut applied: HashMap<JobId, u32> = HashMap::new();
        let work = async {
            while applied.len() < 200 {
                let claim = Claim { limit: factory::limit(5), ..fixture.claim() };
                // What was claimed by a call whose answer was cut lapses.
                let Ok(claimed) = store.claim(&claim).await else { continue };
                let mut changes = Vec::new();
                if claimed.is_empty() {
                    let now = fixture.advance(factory::LEASE);
                    for job in
                        store.lapsed(None, factory::limit(50), fixture.clock()).await.unwrap_or_default()
                    {
                        changes.push(factory::change(&job, job.lapse(now, 1000, now)).if_lapsed(now));
                    }
                }
                changes.extend(claimed.jobs.iter().map(|it| factory::change(it, it.complete(fixture.now()))));
                let Ok(replies) = store.apply(&changes).await else { continue };
                for (change, reply) in changes.iter().zip(replies) {
                    if change.next.status() == JobStatus::Completed && reply.is_applied() {
                        *applied.entry(change.id).or_default() += 1;
                    }
                }
            }
        };
        tokio::select! {
            () = work => {}
            () = cut => {}
        }
        assert!(applied.values().all(|it| *it == 1), "{applied:?}");
        assert!(fixture.all().await.iter().all(|it| it.state.status() == JobStatus::Completed));
    });
}

#[test]
fn plans_that_no_longer_fit_are_made_anew() {
    run(async {
        let schema = TestSchema::new().await;
        let fixture = Fixture::from(schema.store().await.opened());
        fixture.insert(&fixture.jobs(2)).await;
        let claim = Claim { limit: factory::limit(1), ..fixture.claim() };
        assert_eq!(fixture.start(&claim).await.len(), 1);
        let alter = format!("ALTER TABLE {}.job ALTER COLUMN reason TYPE varchar", schema.name);
        server::connect().await.batch_execute(&alter).await.unwrap();
        let started = fixture.start(&claim).await.remove(0);
        assert_eq!(fixture.change(&factory::change(&started, started.release())).await, Reply::Applied);
    });
}

#[test]
fn a_call_ends_by_its_deadline_and_leaves_the_pool_whole() {
    run(async {
        let schema = TestSchema::new().await;
        schema.store().await;
        let store = PgStore::connect(&schema.options().deadline(Duration::from_millis(500))).await.unwrap();
        let fixture = Fixture::from(store.opened());
        let mut conn = server::connect().await;
        let lock = format!("BEGIN; LOCK TABLE {}.job IN ACCESS EXCLUSIVE MODE", schema.name);
        conn.batch_execute(&lock).await.unwrap();
        let begun = Instant::now();
        let refused = store.claim(&fixture.claim()).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        conn.batch_execute("ROLLBACK").await.unwrap();
        fixture.insert(&fixture.jobs(1)).await;
        assert_eq!(fixture.start(&fixture.claim()).await.len(), 1);
        // The one that tells others of the new job may be in use still.
        let begun = Instant::now();
        while store.connections().0 != store.connections().1 {
            assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", store.connections());
            sleep(Duration::from_millis(5)).await;
        }
    });
}

//! Wake-ups between processes, each of which is a store of its own here.

use crate::{
    jobs::Plain,
    run,
    server::{self, TestSchema},
};
use diesel_async::AsyncConnection;
use job_core::{
    Clock, Options, QueueName,
    store::{JobStore, Wake},
};
use job_store_pg::{EnqueueError, PgStore};
use job_testing::{factory, proxy::Proxy};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// Long enough for a slow machine.
const SOON: Duration = Duration::from_secs(15);
/// Long enough to be sure that nothing came, on a machine that is not slow.
const A_WHILE: Duration = Duration::from_millis(300);

/// A store that listens, and has heard that it does.
async fn listening(schema: &TestSchema) -> PgStore {
    let store = PgStore::connect(&schema.options()).await.unwrap();
    assert!(woken(&store, SOON).await, "it wakes once it listens: what came before was not heard");
    store
}

async fn woken(store: &PgStore, within: Duration) -> bool {
    timeout(within, store.woken(&[QueueName::default()])).await.is_ok()
}

#[test]
fn what_another_process_enqueues_wakes() {
    run(async {
        let schema = TestSchema::new().await;
        let other = schema.store().await;
        let store = listening(&schema).await;
        for _ in 0..3 {
            assert!(!woken(&store, A_WHILE).await, "nothing happened");
            other.insert(&[factory::job(other.mint())], Clock::Store).await.unwrap();
            assert!(woken(&store, SOON).await);
            // Of one insert one wake-up may be left over: ours was woken while it was told again.
            while woken(&store, A_WHILE).await {}
        }
    });
}

#[test]
fn what_a_caller_enqueues_wakes_when_it_commits() {
    run(async {
        let schema = TestSchema::new().await;
        schema.store().await;
        let store = listening(&schema).await;
        let mut conn = server::connect().await;
        let many: Vec<Plain> = (0..5000).map(|n| Plain { n }).collect();
        conn.transaction(async |conn| {
            schema.jobs().create_many_on(conn, &many, &Options::default()).await?;
            assert!(!woken(&store, A_WHILE).await, "it is not committed");
            Ok::<_, EnqueueError>(())
        })
        .await
        .unwrap();
        assert!(woken(&store, SOON).await);
        assert!(!woken(&store, A_WHILE).await, "equal notifications of a transaction are one");
    });
}

#[test]
fn without_notify_nobody_is_told() {
    run(async {
        let schema = TestSchema::new().await;
        let quiet = PgStore::connect(&schema.options().notify(false)).await.unwrap();
        quiet.migrate().await.unwrap();
        let store = listening(&schema).await;
        quiet.insert(&[factory::job(quiet.mint())], Clock::Store).await.unwrap();
        let jobs = schema.jobs().without_notify();
        jobs.create_on(&mut server::connect().await, &Plain { n: 1 }, &Options::default()).await.unwrap();
        assert!(!woken(&store, A_WHILE).await);
        assert!(woken(&quiet, SOON).await, "its own process is told all the same");
    });
}

#[test]
fn a_listener_that_lost_its_connection_listens_again() {
    run(async {
        let schema = TestSchema::new().await;
        let other = schema.store().await;
        let store = listening(&schema).await;
        let ended = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity WHERE application_name = '{app}'";
        assert!(schema.number(&ended.replace("{app}", &schema.name)).await > 0);
        assert!(woken(&store, SOON).await, "it looks what came in the gap");
        other.insert(&[factory::job(other.mint())], Clock::Store).await.unwrap();
        assert!(woken(&store, SOON).await);
    });
}

#[test]
fn a_connection_that_says_nothing_any_more_is_noticed_within_fifteen_seconds() {
    run(async {
        let schema = TestSchema::new().await;
        schema.store().await;
        let proxy = Proxy::before(server::url()).unwrap();
        let options = schema.options_at(proxy.url()).connections(1.try_into().unwrap());
        let store = PgStore::connect(&options).await.unwrap();
        assert!(woken(&store, SOON).await, "it listens");
        // The one that listens, and no other: those of calls are asked nothing while nobody calls.
        let before = proxy.connections();
        proxy.stall(true);
        let begun = Instant::now();
        while proxy.connections() == before {
            assert!(begun.elapsed() < SOON, "it is not opened anew");
            sleep(Duration::from_millis(50)).await;
        }
        proxy.stall(false);
        assert!(woken(&store, SOON).await, "it looks what came in the gap");
    });
}

//! Connections that are dead without a word, as after a firewall forgot them: who calls waits for a third of the deadline, once.

use crate::{
    run,
    server::{self, TestSchema},
};
use job_core::{
    Job,
    store::{Held, JobStore, Renewed, StoreError},
};
use job_store_pg::PgStore;
use job_testing::{Fixture, proxy::Proxy};
use std::time::{Duration, Instant};

/// Shorter than in production, in the same proportions.
const DEADLINE: Duration = Duration::from_secs(6);
/// A third of it, and room for a slow machine.
const A_WHILE: Duration = Duration::from_secs(5);

struct Behind {
    proxy: Proxy,
    store: PgStore,
    fixture: Fixture,
    _schema: TestSchema,
}

impl Behind {
    async fn new() -> Self {
        let schema = TestSchema::new().await;
        schema.store().await;
        let proxy = Proxy::before(server::url()).unwrap();
        let options = schema.options_at(proxy.url()).notify(false).deadline(DEADLINE);
        let store = PgStore::connect(&options).await.unwrap();
        Self { proxy, fixture: Fixture::from(store.opened()), store, _schema: schema }
    }

    /// All connections of the pool, in use once and then idle.
    async fn warm(&self) {
        let calls = (0..4).map(|_| self.store.now());
        futures_util::future::try_join_all(calls).await.unwrap();
        assert!(self.store.connections().0 > 1);
    }
}

fn held(job: &Job) -> Held {
    Held { id: job.id, revision: job.state.revision(), progress: None }
}

#[test]
fn a_call_on_a_dead_connection_is_made_on_another_and_the_next_at_once() {
    run(async {
        let it = Behind::new().await;
        let job = it.fixture.running(&it.fixture.job()).await;
        it.warm().await;
        it.proxy.forget_all();
        let begun = Instant::now();
        assert!(matches!(it.fixture.renew(&[held(&job)]).await[..], [Renewed::Until(_)]));
        assert!(begun.elapsed() < A_WHILE, "{:?}", begun.elapsed());
        let begun = Instant::now();
        for _ in 0..8 {
            it.store.now().await.unwrap();
        }
        assert!(begun.elapsed() < DEADLINE / 3, "the other dead ones are closed: {:?}", begun.elapsed());
    });
}

#[test]
fn a_claim_on_a_dead_connection_is_in_doubt() {
    run(async {
        let it = Behind::new().await;
        it.fixture.insert(&it.fixture.jobs(1)).await;
        it.proxy.forget_all();
        let begun = Instant::now();
        let refused = it.store.claim(&it.fixture.claim()).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert!(begun.elapsed() < A_WHILE, "{:?}", begun.elapsed());
        assert_eq!(it.fixture.start(&it.fixture.claim()).await.len(), 1, "it never came to the server");
    });
}

#[test]
fn a_server_that_takes_connections_and_does_not_answer_is_given_up() {
    run(async {
        let schema = TestSchema::new().await;
        let proxy = Proxy::before(server::url()).unwrap();
        proxy.stall(true);
        let begun = Instant::now();
        let options = schema.options_at(proxy.url()).deadline(Duration::from_secs(1));
        let refused = PgStore::connect(&options).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    });
}

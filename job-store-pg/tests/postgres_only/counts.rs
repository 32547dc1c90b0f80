//! What calls say to the server: each is prepared once, goes there and back once, and is a transaction of its own.

use crate::{
    jobs::{Keyed, Plain},
    run,
    server::{self, TestSchema},
};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use job_core::{
    Options, Reply,
    store::{Claim, Held},
};
use job_store_pg::{AcquiredId, PgStore};
use job_testing::{
    Fixture, factory,
    proxy::{Counts, Proxy},
};

/// One statement that is prepared already.
const ONCE: Counts = Counts { parse: 0, bind: 1, execute: 1, query: 0, sync: 1 };

struct Counted {
    proxy: Proxy,
    fixture: Fixture,
    schema: TestSchema,
}

impl Counted {
    /// A store with one connection, which tells nobody of its jobs.
    async fn new() -> Self {
        let schema = TestSchema::new().await;
        schema.store().await;
        let proxy = Proxy::before(server::url()).unwrap();
        let options = schema.options_at(proxy.url()).notify(false).connections(1.try_into().unwrap());
        let fixture = Fixture::from(PgStore::connect(&options).await.unwrap().opened());
        Self { proxy, fixture, schema }
    }

    /// What `call` said.
    async fn of<T>(&self, call: impl Future<Output = T>) -> (T, Counts) {
        let before = self.proxy.counts();
        let answer = call.await;
        (answer, self.proxy.counts().since(before))
    }

    /// Asserts that one call of a kind prepares its statement, and that all further ones only send it.
    async fn once<T>(&self, name: &str, mut call: impl AsyncFnMut() -> T) -> T {
        let (_, first) = self.of(call()).await;
        assert_eq!((first.parse, first.execute, first.query), (1, 1, 0), "{name} for the first time");
        let (answer, then) = self.of(call()).await;
        assert_eq!(then, ONCE, "{name}");
        answer
    }
}

#[test]
fn a_call_is_prepared_once_and_is_one_round_trip() {
    run(async {
        let counted = Counted::new().await;
        let fixture = &counted.fixture;
        fixture.time().await; // it connects
        counted.once("insert of one", async || fixture.insert(&fixture.jobs(1)).await).await;
        let many =
            counted.once("insert of a thousand", async || fixture.insert(&fixture.jobs(1000)).await).await;
        assert_eq!(many.len(), 1000);
        let mut keys = ["\"j\"", "\"k\""].into_iter();
        let mut keyed = || fixture.keyed(keys.next().unwrap());
        counted.once("insert of one with a key", async || fixture.insert(&[keyed()]).await).await;

        let claim = Claim { limit: factory::limit(500), ..fixture.claim() };
        let started = counted.once("claim", async || fixture.start(&claim).await).await;
        assert_eq!(started.len(), 500);
        let held: Vec<Held> = started
            .iter()
            .map(|it| Held { id: it.id, revision: it.state.revision(), progress: None })
            .collect();
        counted.once("renew", async || fixture.renew(&held).await).await;
        counted
            .once("lapsed", async || {
                fixture.store.lapsed(None, factory::limit(10), fixture.clock()).await.unwrap()
            })
            .await;

        let mut rest = started.chunks(100);
        let complete = |jobs: &[job_core::Job]| -> Vec<_> {
            jobs.iter().map(|it| factory::change(it, it.complete(fixture.now()))).collect()
        };
        let replies =
            counted.once("apply", async || fixture.apply(&complete(rest.next().unwrap())).await).await;
        assert_eq!(replies, [Reply::Applied; 100]);
        let (replies, claimed) = counted
            .once("exchange", async || {
                fixture.store.exchange(&complete(rest.next().unwrap()), &claim).await.unwrap()
            })
            .await;
        assert_eq!(replies, [Reply::Applied; 100]);
        let (replies, all) = counted.of(fixture.apply(&complete(&claimed.jobs))).await;
        assert!(replies.iter().all(|it| *it == Reply::Applied));
        assert_eq!(all, ONCE, "apply of {}", replies.len());
    });
}

#[test]
fn what_meets_a_taken_key_looks_once_who_has_it() {
    run(async {
        let counted = Counted::new().await;
        let fixture = &counted.fixture;
        for _ in 0..2 {
            fixture.insert(&[fixture.keyed("\"k\"")]).await;
        }
        let (_, taken) = counted.of(fixture.insert(&[fixture.keyed("\"k\"")])).await;
        assert_eq!((taken.parse, taken.execute, taken.query), (0, 3, 0), "the insert, its id and its key");
    });
}

#[test]
fn enqueueing_on_a_connection_is_one_round_trip() {
    run(async {
        let counted = Counted::new().await;
        let mut conn = AsyncPgConnection::establish(counted.proxy.url()).await.unwrap();
        let (jobs, options) = (counted.schema.jobs(), Options::default());
        counted
            .once("create_on", async || jobs.create_on(&mut conn, &Plain { n: 1 }, &options).await.unwrap())
            .await;
        for n in 0..2 {
            // The second finds the first, and looks who it is.
            jobs.acquire_on(&mut conn, &Keyed::new("k"), &options).await.unwrap();
            let (_, new) =
                counted.of(jobs.acquire_on(&mut conn, &Keyed::new(&format!("k{n}")), &options)).await;
            assert_eq!(new, ONCE, "acquire_on that creates");
        }
        let (existing, found) = counted.of(jobs.acquire_on(&mut conn, &Keyed::new("k"), &options)).await;
        assert!(matches!(existing.unwrap(), AcquiredId::Existing(_)));
        assert_eq!((found.parse, found.execute, found.round_trips()), (0, 2, 2), "acquire_on that finds");
    });
}

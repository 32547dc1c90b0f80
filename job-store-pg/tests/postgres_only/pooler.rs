//! Behind a real PgBouncer: session mode, and transaction mode of versions that can and that cannot.

use crate::{
    bouncer::{Bouncer, program},
    run,
    server::TestSchema,
};
use job_core::{
    QueueName, Reply,
    store::{Claim, Held, Opener as _, Renewed, StoreUrl, Wake},
};
use job_store_pg::{Opener, PgOptions, PgStore};
use job_testing::{Fixture, factory, race};
use std::time::Duration;
use tokio::time::timeout;

/// Long enough for a slow machine.
const SOON: Duration = Duration::from_secs(15);
/// The first version that keeps prepared statements in transaction mode.
const KEEPS_STATEMENTS: (u32, u32) = (1, 21);

/// A life of many jobs by calls that meet, so that each uses connections of the server that others have used.
async fn live(options: &PgOptions) {
    let store = PgStore::connect(options).await.unwrap();
    store.migrate().await.unwrap();
    let fixture = Fixture::from(store.opened());
    let done = race(8, |n| {
        let fixture = fixture.clone();
        async move {
            let mut done = 0;
            let mut claim =
                Claim { by: factory::actor(n as u128 + 1), limit: factory::limit(5), ..fixture.claim() };
            claim.clock = fixture.clock();
            for _ in 0..5 {
                fixture.insert(&fixture.jobs(5)).await;
                let started = fixture.start(&claim).await;
                let held =
                    |it: &job_core::Job| Held { id: it.id, revision: it.state.revision(), progress: None };
                let renewed = fixture.renew(&started.iter().map(held).collect::<Vec<_>>()).await;
                // A claim that was late to see them started may hold them for a moment.
                assert!(renewed.iter().all(|it| *it != Renewed::Lost), "{renewed:?}");
                let completed = |it: &job_core::Job| factory::change(it, it.complete(fixture.now()));
                let changes: Vec<_> = started.iter().map(completed).collect();
                let (replies, claimed) = fixture.store.exchange(&changes, &claim).await.unwrap();
                assert!(replies.iter().all(|it| *it == Reply::Applied), "{replies:?}");
                let released: Vec<_> =
                    claimed.jobs.iter().map(|it| factory::change(it, it.release())).collect();
                assert!(fixture.apply(&released).await.iter().all(|it| it.is_applied()));
                done += changes.len();
            }
            done
        }
    })
    .await;
    let rest = 200 - done.iter().sum::<usize>();
    let waiting = fixture.start(&Claim { limit: factory::limit(300), ..fixture.claim() }).await;
    assert_eq!(waiting.len(), rest, "none is lost and none started twice");
}

#[test]
fn session_mode_is_as_without_a_pooler() {
    let Some((program, _)) = program() else { return };
    run(async {
        let schema = TestSchema::new().await;
        let bouncer = Bouncer::start(&program, "session", "");
        let options = schema.options_at(bouncer.url());
        live(&options).await;
        let listens = PgStore::connect(&options).await.unwrap();
        let queue = [QueueName::default()];
        let woken = async || timeout(SOON, listens.woken(&queue)).await.is_ok();
        assert!(woken().await, "it wakes once it listens");
        // Of another process, which is told by the server.
        let other = Fixture::from(schema.store().await.opened());
        other.insert(&other.jobs(1)).await;
        assert!(woken().await, "and when there is work");
    });
}

#[test]
fn transaction_mode_that_nobody_spoke_of_is_refused_with_advice() {
    let Some((program, version)) = program() else { return };
    run(async {
        let schema = TestSchema::new().await;
        let keeps = if version >= KEEPS_STATEMENTS { "max_prepared_statements = 200" } else { "" };
        let bouncer = Bouncer::start(&program, "transaction", keeps);
        let url = StoreUrl::new(format!("{}?schema={}&roles=false", bouncer.url(), schema.name));
        let refused = Opener.open(&url).await.unwrap_err();
        for word in ["transaction mode", "session mode", "1.21", "max_prepared_statements", "pooler=true"] {
            assert!(refused.advice.contains(word), "{}", refused.advice);
        }
        // Who has opened it long ago is not refused by chance: it is told each time.
        for _ in 0..5 {
            assert!(PgStore::connect(&schema.options_at(bouncer.url())).await.is_err());
        }
    });
}

#[test]
fn transaction_mode_that_forgets_statements_is_refused_with_advice() {
    let Some((program, version)) = program() else { return };
    run(async {
        let schema = TestSchema::new().await;
        let forgets = if version >= KEEPS_STATEMENTS { "max_prepared_statements = 0" } else { "" };
        let bouncer = Bouncer::start(&program, "transaction", forgets);
        let url = format!("{}?schema={}&roles=false&pooler=true", bouncer.url(), schema.name);
        let refused = Opener.open(&StoreUrl::new(url)).await.unwrap_err();
        for word in ["forgets prepared statements", "1.21", "max_prepared_statements", "session mode"] {
            assert!(refused.advice.contains(word), "{}", refused.advice);
        }
    });
}

#[test]
fn transaction_mode_that_keeps_statements_is_as_good() {
    let Some((program, version)) = program() else { return };
    if version < KEEPS_STATEMENTS {
        use std::io::Write;
        let reason =
            format!("PgBouncer {}.{} keeps no prepared statements in transaction mode", version.0, version.1);
        let _ = writeln!(std::io::stderr(), "its flow was not run: {reason}; 1.21 does");
        return;
    }
    run(async {
        let schema = TestSchema::new().await;
        let bouncer = Bouncer::start(&program, "transaction", "max_prepared_statements = 200");
        live(&schema.options_at(bouncer.url()).pooler(true)).await;
    });
}

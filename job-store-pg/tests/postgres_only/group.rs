//! Callers whose inserts are merged into one statement.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::{FutureExt, future::BoxFuture};
use job_core::{
    Clock, JobId, NewJob,
    store::{Filter, Inserted, JobStore, JobStoreExt, StoreError},
};
use job_store_pg::PgStore;
use job_testing::{
    Fixture,
    factory::{self, keyed},
    proxy::Proxy,
};
use proptest::{collection::vec, prelude::*};
use std::time::Duration;
use tokio::task::yield_now;

type Answer = Result<Vec<Inserted>, StoreError>;
type Calls<'a> = Vec<BoxFuture<'a, Answer>>;

/// How many statements of callers are under way at once.
const TURNS: usize = 2;

/// Lets the desk's statements wait, so that who comes after them is merged.
async fn closed(schema: &TestSchema) -> AsyncPgConnection {
    let mut conn = server::connect().await;
    let lock = format!("BEGIN; LOCK TABLE {}.job IN EXCLUSIVE MODE", schema.name);
    conn.batch_execute(&lock).await.unwrap();
    conn
}

/// Calls one after the other, with statements of others under way already, so that all of these come together.
async fn called_together(
    store: &PgStore,
    schema: &TestSchema,
    wishes: Vec<(Vec<NewJob>, Clock)>,
) -> Vec<Answer> {
    let mut conn = closed(schema).await;
    let mut first = called(store, (0..TURNS).map(|_| (vec![factory::job(store.mint())], Clock::Store)));
    for (n, call) in first.iter_mut().enumerate() {
        assert!(call.now_or_never().is_none());
        while schema.waiting().await <= n {
            yield_now().await;
        }
    }
    let mut calls = called(store, wishes);
    for call in &mut calls {
        assert!(call.now_or_never().is_none(), "it waits for its turn");
    }
    conn.batch_execute("ROLLBACK").await.unwrap();
    futures_util::future::join_all(first).await;
    futures_util::future::join_all(calls).await
}

fn called(store: &PgStore, wishes: impl IntoIterator<Item = (Vec<NewJob>, Clock)>) -> Calls<'_> {
    let call = |(jobs, clock): (Vec<NewJob>, Clock)| async move { store.insert(&jobs, clock).await }.boxed();
    wishes.into_iter().map(call).collect()
}

#[test]
fn callers_who_wait_together_share_a_round_trip() {
    run(async {
        let schema = TestSchema::new().await;
        schema.store().await;
        let proxy = Proxy::before(server::url()).unwrap();
        let store = PgStore::connect(&schema.options_at(proxy.url()).notify(false)).await.unwrap();
        let one = || (vec![factory::job(store.mint())], Clock::Store);
        called_together(&store, &schema, vec![one()]).await;
        let before = proxy.counts();
        let answers = called_together(&store, &schema, (0..64).map(|_| one()).collect()).await;
        assert!(answers.iter().all(|it| matches!(it.as_deref(), Ok([Inserted::Created(_)]))), "{answers:?}");
        let executed = proxy.counts().since(before).execute;
        assert_eq!(executed, TURNS as u64 + 1, "64 callers are one statement more");
    });
}

#[test]
fn a_held_key_holds_up_only_those_who_want_it() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let mut conn = server::connect().await;
        conn.batch_execute("BEGIN").await.unwrap();
        let jobs = schema.jobs();
        let options = job_core::Options::default();
        let held = jobs.create_on(&mut conn, &crate::jobs::Keyed::new("k"), &options).await.unwrap();
        let wanted = keyed(store.mint(), "\"k\"");
        // More than there are connections.
        let mut waiting = tokio::spawn({
            let store = store.clone();
            async move {
                let wishes =
                    (0..10).map(|_| (vec![NewJob { id: store.mint(), ..wanted.clone() }], Clock::Store));
                futures_util::future::join_all(called(&store, wishes)).await
            }
        });
        let mut took = Vec::new();
        for n in 0..40 {
            let begun = std::time::Instant::now();
            let job = keyed(store.mint(), &format!("\"{n}\""));
            let inserted = store.insert(&[job], Clock::Store).await.unwrap();
            assert!(matches!(inserted[..], [Inserted::Created(_)]));
            took.push(begun.elapsed());
        }
        assert!((&mut waiting).now_or_never().is_none(), "they wait for the end of the transaction");
        took.sort_unstable();
        assert!(took[20] < Duration::from_millis(100), "{took:?}");
        assert!(took[39] < Duration::from_millis(900), "nobody waited as long as for a lock: {took:?}");
        conn.batch_execute("COMMIT").await.unwrap();
        for answer in waiting.await.unwrap() {
            assert_eq!(answer.unwrap(), [Inserted::Existing { holder: held }]);
        }
    });
}

#[test]
fn nobodys_row_fails_anothers() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        // What a check says has a kind of its own; what a trigger says has none, or reads like something else.
        let rules = "ALTER TABLE {s}.job ADD CHECK (priority <> 13);
            CREATE FUNCTION {s}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION '%', (ARRAY['there is no such tenant', 'tenant 7 does not exist',
                    'permission denied for tenant 7'])[NEW.priority - 13];
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON {s}.job FOR EACH ROW WHEN (NEW.priority BETWEEN 14 AND 16)
                EXECUTE FUNCTION {s}.refuse()";
        server::connect().await.batch_execute(&rules.replace("{s}", &schema.name)).await.unwrap();
        let jobs = |priority| vec![NewJob { priority, ..factory::job(store.mint()) }];
        let priorities: Vec<i16> = (0..30).collect();
        let wishes = priorities.iter().map(|it| (jobs(*it), Clock::Store)).collect();
        let answers = called_together(&store, &schema, wishes).await;
        for (priority, answer) in priorities.iter().zip(&answers) {
            match priority {
                13 | 14 => assert!(matches!(answer, Err(StoreError::Other(_))), "{answer:?}"),
                15 | 16 => assert!(answer.is_err(), "{answer:?}"),
                _ => assert!(matches!(answer.as_deref(), Ok([Inserted::Created(_)])), "{answer:?}"),
            }
        }
        let text = job_core::Text::of_error(answers[14].as_ref().unwrap_err()).to_string();
        assert!(text.contains("there is no such tenant"), "its caller is told why: {text}");
    });
}

#[test]
fn callers_with_different_clocks_are_dated_by_their_own() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let begun = store.now().await.unwrap();
        let clocks =
            [Clock::Store, Clock::At(factory::noon()), Clock::Store, Clock::At(job_core::Timestamp::EPOCH)];
        let wishes = clocks.iter().map(|it| (vec![factory::job(store.mint())], *it)).collect();
        let answers = called_together(&store, &schema, wishes).await;
        for (clock, answer) in clocks.iter().zip(answers) {
            let Ok([Inserted::Created(job)]) = answer.as_deref() else { panic!("{answer:?}") };
            match clock {
                Clock::At(at) => assert_eq!(job.spec.date_created, *at),
                Clock::Store => assert!(job.spec.date_created >= begun),
            }
        }
    });
}

#[test]
fn a_caller_who_has_gone_is_tried_no_more() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let mut conn = server::connect().await;
        conn.batch_execute("BEGIN").await.unwrap();
        let options = job_core::Options::default();
        schema.jobs().create_on(&mut conn, &crate::jobs::Keyed::new("k"), &options).await.unwrap();
        let wanted = keyed(store.mint(), "\"k\"");
        let short = PgStore::connect(&schema.options().deadline(Duration::from_millis(300))).await.unwrap();
        let late = short.insert(std::slice::from_ref(&wanted), Clock::Store).await;
        assert!(matches!(late, Err(StoreError::Unavailable(_))), "a call has a deadline: {late:?}");
        while schema.waiting().await > 0 || short.connections().0 != short.connections().1 {
            yield_now().await;
        }
        conn.batch_execute("ROLLBACK").await.unwrap();
        assert!(store.get(wanted.id).await.unwrap().is_none());
        let inserted = short.insert(&[wanted], Clock::Store).await.unwrap();
        assert!(matches!(inserted[..], [Inserted::Created(_)]), "the key is free again: {inserted:?}");
    });
}

#[test]
fn callers_who_are_dropped_leave_the_others_their_answers() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let jobs: Vec<NewJob> = (0..100).map(|_| factory::job(store.mint())).collect();
        let mut conn = closed(&schema).await;
        let wishes = jobs.iter().map(|it| (vec![it.clone()], Clock::Store));
        let mut calls = called(&store, wishes);
        for call in &mut calls {
            assert!(call.now_or_never().is_none());
        }
        let mut n = 0;
        calls.retain(|_| {
            n += 1;
            n % 3 != 0
        });
        conn.batch_execute("ROLLBACK").await.unwrap();
        let answers = futures_util::future::join_all(calls).await;
        let stays = jobs.iter().enumerate().filter(|(n, _)| (n + 1) % 3 != 0).map(|(_, it)| it.id);
        for (id, answer) in stays.zip(answers) {
            let Ok([Inserted::Created(job)]) = answer.as_deref() else { panic!("{answer:?}") };
            assert_eq!(job.id, id, "each has its own");
        }
        let count = store.count(&Filter::default(), 200).await.unwrap().jobs;
        assert!((67..=100).contains(&count), "{count}");
    });
}

#[test]
fn a_store_whose_runtime_has_ended_says_so() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_schema, store) = runtime.block_on(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        (schema, store)
    });
    drop(runtime);
    run(async {
        let refused = store.insert(&[factory::job(store.mint())], Clock::Store).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// What callers of one statement are told is what they would be told one after the other.
    #[test]
    fn callers_together_are_answered_as_if_in_turn(
        wishes in vec(vec((0..6_u8, 0..8_u8), 1..4), 2..12)
    ) {
        run(async {
            let (together, in_turn) = (TestSchema::new().await, TestSchema::new().await);
            let (one, other) = (together.store().await, in_turn.store().await);
            // Ids repeat, and keys do; a key of 0 is none.
            let ids: Vec<JobId> = (0..6).map(|_| one.mint()).collect();
            let job = |(id, key): &(u8, u8)| {
                let id = ids[usize::from(*id)];
                if *key == 0 { factory::job(id) } else { keyed(id, &key.to_string()) }
            };
            let clock = Clock::At(factory::noon());
            let wishes: Vec<Vec<NewJob>> = wishes.iter().map(|it| it.iter().map(job).collect()).collect();
            let answers = called_together(
                &one,
                &together,
                wishes.iter().map(|it| (it.clone(), clock)).collect()
            ).await;
            for (wish, answer) in wishes.iter().zip(answers) {
                assert_eq!(answer.unwrap(), other.insert(wish, clock).await.unwrap());
            }
            let fixture = Fixture::from(one.opened());
            assert_eq!(fixture.all().await.len() as u64 - TURNS as u64, other.count(&Filter::default(), 99).await.unwrap().jobs);
        });
    }
}

//! Group roles: each can do its part and nothing else.

use crate::{
    jobs::{Keyed, Plain},
    run,
    server::{self, TestSchema},
};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use job_core::{
    About, Json, NewJob, Note, NoteFilter, NoteKind, Options, Reply, Start,
    store::{Deletion, Filter, JobStore, JobStoreExt, Notes, StoreError, Switch, Switches},
};
use job_store_pg::{EnqueueError, Jobs, PgStore};
use job_testing::{Fixture, factory};
use std::time::Duration;

const ROLES: [&str; 4] = ["producer", "worker", "operator", "viewer"];

/// One of the roles, with connections that took it.
struct Actor {
    role: &'static str,
    store: PgStore,
    conn: AsyncPgConnection,
    jobs: Jobs,
    schema: String,
}

impl Actor {
    async fn new(schema: &TestSchema, role: &'static str) -> Self {
        let name = format!("{}_{role}", schema.name);
        let store = PgStore::connect(&schema.options().role(&name)).await.unwrap();
        let mut conn = server::connect().await;
        conn.batch_execute(&format!("SET ROLE {name}")).await.unwrap();
        Self { role, store, conn, jobs: schema.jobs(), schema: schema.name.clone() }
    }

    /// Whether the SQL is allowed; `{job}` and the like are the tables.
    async fn sql(&mut self, sql: &str) -> bool {
        self.conn.batch_execute(&sql.replace("{schema}", &self.schema)).await.is_ok()
    }
}

fn allowed<T: std::fmt::Debug>(result: Result<T, StoreError>) -> bool {
    match result {
        Ok(_) => true,
        Err(StoreError::Denied(_)) => false,
        Err(error) => panic!("neither allowed nor denied: {error:?}"),
    }
}

fn enqueued<T: std::fmt::Debug>(result: Result<T, EnqueueError>) -> bool {
    match result {
        Err(EnqueueError::Store(error)) => allowed(Err::<T, _>(error)),
        result => allowed(Ok(result.unwrap())),
    }
}

#[test]
fn each_role_can_do_its_part_and_nothing_else() {
    run(async {
        let schema = TestSchema::with_roles().await;
        let owner = Fixture::from(schema.store().await.opened());
        let tomorrow = Start::In(Duration::from_secs(86_400));
        let existing = owner.create(&NewJob { start: tomorrow, ..owner.keyed("\"held\"") }).await;
        for role in ROLES {
            let mut it = Actor::new(&schema, role).await;
            let (store, options) = (it.store.clone(), Options::default());
            let fixture = Fixture::from(store.opened());
            let among = |roles: &[&str]| roles.contains(&it.role);
            let [produces, runs, operates, reads] = [
                among(&["producer", "worker", "operator"]),
                among(&["worker", "operator"]),
                among(&["operator"]),
                among(&["worker", "operator", "viewer"]),
            ];
            let say = |what: &str| format!("{role}: {what}");

            let created = it.jobs.create_on(&mut it.conn, &Plain { n: 1 }, &options).await;
            assert_eq!(enqueued(created), produces, "{}", say("enqueue"));
            let acquired = it.jobs.acquire_on(&mut it.conn, &Keyed::new("held"), &options).await;
            if let Ok(acquired) = &acquired {
                assert_eq!(acquired.id(), existing.id);
            }
            assert_eq!(enqueued(acquired), produces, "{}", say("rely on a holder"));
            let gone = owner.create(&owner.job()).await.id;
            let deleted = it.jobs.delete_on(&mut it.conn, &[gone]).await;
            assert_eq!(allowed(deleted), produces, "{}", say("delete by id"));

            let claimed = store.claim(&fixture.claim()).await;
            assert_eq!(allowed(claimed), runs, "{}", say("claim"));
            let running = owner.running(&NewJob { queue: factory::named("own"), ..owner.job() }).await;
            let changes = [factory::change(&running, running.complete(owner.now()))];
            let applied = store.apply(&changes).await;
            if let Ok(replies) = &applied {
                assert_eq!(*replies, [Reply::Applied]);
            }
            assert_eq!(allowed(applied), runs, "{}", say("apply"));
            assert_eq!(
                allowed(store.renew(&[], factory::LEASE, owner.clock()).await),
                runs,
                "{}",
                say("renew")
            );
            assert_eq!(
                allowed(store.lapsed(None, factory::limit(1), owner.clock()).await),
                runs,
                "{}",
                say("rescue")
            );
            let note = Note {
                about: About::Store,
                kind: NoteKind::Action,
                at: owner.now(),
                body: Json::stored("1"),
            };
            assert_eq!(allowed(store.append(&[note]).await), runs, "{}", say("append a note"));

            let switch = Switch::PauseQueue(factory::named("other"));
            assert_eq!(allowed(store.set(&switch, true).await), operates, "{}", say("set a switch"));
            assert_eq!(allowed(store.set(&switch, false).await), operates, "{}", say("unset a switch"));

            let queued = Filter { queues: Some(vec![factory::named("default")]), ..Filter::default() };
            assert_eq!(allowed(store.count(&queued, 1).await), reads, "{}", say("count"));
            assert_eq!(allowed(store.get(existing.id).await), reads, "{}", say("read a job"));
            assert_eq!(allowed(store.switches().await), reads, "{}", say("read switches"));
            assert_eq!(
                allowed(store.notes(&NoteFilter::default(), factory::limit(1)).await),
                reads,
                "{}",
                say("read notes")
            );
            assert_eq!(it.sql("SELECT args FROM {schema}.job").await, reads, "{}", say("read args"));

            for never in [
                "DROP TABLE {schema}.job",
                "CREATE TABLE {schema}.other (n int)",
                "TRUNCATE {schema}.note",
                "INSERT INTO {schema}.version VALUES (9)",
                "DELETE FROM {schema}.note",
                "ALTER TABLE {schema}.job DISABLE TRIGGER ALL",
                "CREATE TEMP TABLE bait (id uuid);
                 CREATE TRIGGER forgets AFTER DELETE ON bait REFERENCING OLD TABLE AS gone
                     FOR EACH STATEMENT EXECUTE FUNCTION {schema}.forget_notes()",
            ] {
                assert!(!it.sql(never).await, "{}", say(never));
            }
            for (sql, may) in [
                ("UPDATE {schema}.job SET args = '2'", runs),
                ("UPDATE {schema}.job SET touched = TRUE", produces),
                ("INSERT INTO {schema}.switch VALUES (2, 'x')", operates),
            ] {
                assert_eq!(it.sql(sql).await, may, "{}", say(sql));
            }
            let lends = "SELECT count(*) AS n FROM pg_proc WHERE pronamespace = '{schema}'::regnamespace \
                AND prosecdef AND has_function_privilege('{schema}_{role}', oid, 'EXECUTE')";
            let lends =
                schema.number(&lends.replace("{role}", it.role).replace("{schema}", &schema.name)).await;
            assert_eq!(lends, 0, "{}", say("use the owner's rights by a function"));
            assert_eq!(
                allowed(store.delete(&Deletion::Ids(Vec::new())).await),
                produces,
                "{}",
                say("delete")
            );
        }
    });
}

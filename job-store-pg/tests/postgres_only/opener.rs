//! Opening by URL.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::SimpleAsyncConnection;
use job_core::{
    Clock, Reply, Text,
    store::{Filter, JobStoreExt, Opener as _, StoreError, StoreUrl, Switch},
};
use job_store_pg::{Opener, PgStore};
use job_testing::{Fixture, factory};
use std::{slice, thread, time::Duration};
use tokio::runtime::Builder;

#[test]
fn a_url_opens_a_store_with_its_tables() {
    run(async {
        let schema = TestSchema::new().await;
        for scheme in Opener.schemes() {
            let rest = server::url().split_once(':').unwrap().1;
            let glue = if rest.contains('?') { '&' } else { '?' };
            let url = format!("{scheme}:{rest}{glue}schema={}&roles=false", schema.name);
            let opened = Opener.open(&StoreUrl::new(url)).await.unwrap();
            assert!(!opened.store.any(&Filter::default()).await.unwrap());
            assert_eq!(opened.scheme, "postgres");
            assert!(opened.wake.is_some());
            assert!(opened.admin.unwrap().schema_version().await.unwrap() > 0);
        }
    });
}

#[test]
fn who_is_not_let_in_is_told_why() {
    run(async {
        let server = server::url();
        let (before, database) = server.split_once('?').unwrap_or((server, "")).0.rsplit_once('/').unwrap();
        assert!(!database.is_empty());
        let nowhere = Opener.open(&StoreUrl::new(format!("{before}/no_such_database"))).await.unwrap_err();
        assert!(nowhere.advice.contains("`createdb no_such_database`"), "{nowhere}");
        let host = before.rsplit_once('@').map_or(before, |it| it.1);
        let nobody = format!("postgres://no_such_user@{host}/{database}");
        let nobody = Opener.open(&StoreUrl::new(nobody)).await.unwrap_err();
        // What a server says about users that it knows not depends on how it asks them who they are.
        let said = ["does not let the user no_such_user in", "this password", "wants a password"];
        assert!(said.iter().any(|it| nobody.advice.contains(it)), "{nobody}");
    });
}

#[test]
fn the_server_says_since_when_it_runs() {
    run(async {
        let schema = TestSchema::new().await;
        let opened = schema.store().await.opened();
        let started = opened.admin.unwrap().server_started().await.unwrap().unwrap();
        let now = opened.store.now().await.unwrap();
        assert!(
            started < now && now.since(started) < Duration::from_secs(100 * 365 * 24 * 3600),
            "{started}"
        );
    });
}

#[test]
fn a_further_handle_is_of_the_same_schema_and_role_and_outlives_the_runtime_of_the_first() {
    let (schema, first) = thread::spawn(|| {
        let opens = async {
            let schema = TestSchema::with_roles().await;
            schema.store().await;
            let url = server::and(server::url(), &format!("schema={}", schema.name));
            let role = Some(format!("{}_worker", schema.name));
            (schema, Opener.open(&StoreUrl { role, ..StoreUrl::new(url) }).await.unwrap())
        };
        Builder::new_current_thread().enable_all().build().unwrap().block_on(opens)
    })
    .join()
    .unwrap();
    run(async move {
        let second = first.again.unwrap().reopen().await.unwrap();
        let third = second.again.unwrap().reopen().await.unwrap();
        let job = factory::job(third.store.mint());
        second.store.insert(slice::from_ref(&job), Clock::Store).await.unwrap();
        assert!(job.made(&third.store.get(job.id).await.unwrap().unwrap()));
        assert!(schema.store().await.any(&Filter::ids([job.id])).await.unwrap());
        let pause = Switch::PauseType(job.type_name);
        let refused = third.switches.set(&pause, true).await.unwrap_err();
        assert!(matches!(refused, StoreError::Denied(_)), "only operators pause: {refused}");
    });
}

#[test]
fn who_only_looks_makes_no_tables() {
    run(async {
        let schema = TestSchema::new().await;
        let glue = if server::url().contains('?') { '&' } else { '?' };
        let url = format!("{}{glue}schema={}&roles=false", server::url(), schema.name);
        let look = StoreUrl { create: false, ..StoreUrl::new(&url) };
        for _ in 0..2 {
            let refused = Opener.open(&look).await.unwrap_err();
            let advice =
                format!("the schema {} has no job tables of version 1 yet; run-jobs makes them", schema.name);
            assert_eq!(refused.advice, advice);
        }
        drop(Opener.open(&StoreUrl::new(&url)).await.unwrap());
        assert!(!Opener.open(&look).await.unwrap().store.any(&Filter::default()).await.unwrap());
    });
}

#[test]
fn a_server_that_is_not_there_is_told_of_without_the_password() {
    run(async {
        let refused = Opener.open(&StoreUrl::new("postgres://u:secret@127.0.0.1:1/db")).await.unwrap_err();
        let words = Text::of_error(&refused).to_string();
        assert!(words.contains("postgres://u:…@127.0.0.1:1/db"), "{words}");
        assert!(words.contains("is the server running"), "{words}");
        assert!(!words.contains("secret") && !format!("{refused:?}").contains("secret"), "{words}");
    });
}

#[test]
fn a_url_that_leads_nowhere_is_not_blamed_on_the_server() {
    run(async {
        let told = [
            ("postgres://", "the URL names no host"),
            ("postgres://127.0.0.1:1/db?sslmode=verify-ca", "`sslmode` in the URL does not fit the rest"),
        ];
        for (url, advice) in told {
            let refused = Opener.open(&StoreUrl::new(url)).await.unwrap_err();
            assert!(refused.advice.starts_with(advice), "{url}: {}", refused.advice);
        }
    });
}

#[test]
fn a_role_that_cannot_be_taken_is_refused_and_locks_without_end_are_found() {
    run(async {
        let schema = TestSchema::new().await;
        schema.store().await;
        let words = format!("schema={}&roles=false&pooler=true", schema.name);
        let pooled = StoreUrl::new(server::and(server::url(), &words));
        let viewer = StoreUrl { role: Some("viewer".to_owned()), ..pooled.clone() };
        let refused = Opener.open(&viewer).await.unwrap_err();
        for word in ["no role can be taken", "pooler=true", "log in as a user whose own rights"] {
            assert!(refused.advice.contains(word), "{}", refused.advice);
        }
        let admin = Opener.open(&pooled).await.unwrap().admin.unwrap();
        let findings = admin.findings().await.unwrap();
        assert!(findings.iter().any(|it| it.contains("SET lock_timeout = '1s'")), "{findings:?}");
    });
}

#[test]
fn behind_a_pooler_no_connection_keeps_a_setting() {
    run(async {
        let schema = TestSchema::new().await;
        let fixture = Fixture::from(schema.store().await.opened());
        let pooled = PgStore::connect(&schema.options().pooler(true)).await.unwrap();
        let mut settings = server::connect().await;
        // What a connection of the pooler's would be left with: a function of the server tells, in place of a claim's.
        let tells = format!(
            "CREATE FUNCTION {0}.kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 IF current_setting('plan_cache_mode') <> 'auto' OR current_setting('lock_timeout') <> '0' THEN \
                     RAISE 'a setting was kept'; \
                 END IF; RETURN NULL; END $$; \
             CREATE TRIGGER kept AFTER UPDATE ON {0}.job FOR EACH STATEMENT EXECUTE FUNCTION {0}.kept()",
            schema.name
        );
        settings.batch_execute(&tells).await.unwrap();
        // Of nothing, so that no row is locked still when the next claim looks.
        let kept = fixture.store.claim(&fixture.claim()).await;
        assert!(kept.is_err(), "without one they are kept");
        fixture.insert(&fixture.jobs(2)).await;
        let behind = Fixture::from(pooled.opened());
        let started = behind.start(&behind.claim()).await;
        assert_eq!(started.len(), 2);
        let completed = started.iter().map(|it| factory::change(it, it.complete(behind.now())));
        assert_eq!(behind.apply(&completed.collect::<Vec<_>>()).await, [Reply::Applied; 2]);
    });
}

//! The tables: made once, by whoever comes first, and never touched by a program that does not know them.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::SimpleAsyncConnection;
use job_core::{
    Text,
    store::{Admin, Filter, JobStore, JobStoreExt, StoreError},
};
use job_store_pg::{PgOptions, PgStore};
use job_testing::{Fixture, race};
use std::sync::Arc;

#[test]
fn of_ten_starts_at_once_one_makes_the_tables() {
    run(async {
        let schema = Arc::new(TestSchema::with_roles().await);
        race(10, |_| {
            let schema = schema.clone();
            async move {
                let store = schema.store().await;
                assert!(!store.any(&Filter::default()).await.unwrap());
            }
        })
        .await;
        assert_eq!(schema.number("SELECT count(*) AS n FROM {schema}.version").await, 1);
    });
}

#[test]
fn a_migration_goes_back_and_forth() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let latest = store.schema_version().await.unwrap();
        store.migrate_to(0).await.unwrap();
        assert_eq!(store.schema_version().await.unwrap(), 0);
        assert!(matches!(store.count(&Filter::default(), 1).await, Err(StoreError::Schema(_))));
        let left = "SELECT count(*) AS n FROM pg_class WHERE relnamespace = '{schema}'::regnamespace";
        assert_eq!(schema.number(left).await, 0);
        store.migrate().await.unwrap();
        store.migrate().await.unwrap();
        assert_eq!(store.schema_version().await.unwrap(), latest);
        assert_eq!(store.count(&Filter::default(), 1).await.unwrap().jobs, 0);
    });
}

#[test]
fn tables_of_a_newer_program_are_refused_with_words_that_help() {
    run(async {
        let schema = TestSchema::new().await;
        let store = schema.store().await;
        let newer = format!("INSERT INTO {}.version VALUES (99)", schema.name);
        server::connect().await.batch_execute(&newer).await.unwrap();
        let refused = PgStore::connect(&schema.options()).await.unwrap_err();
        let words = Text::of_error(&refused).to_string();
        assert!(matches!(refused, StoreError::Schema(_)), "{words}");
        assert!(words.contains("of version 99") && words.contains("update it"), "{words}");
        assert!(matches!(store.migrate().await, Err(StoreError::Schema(_))));
        assert!(store.findings().await.unwrap()[0].contains("version 99"));
    });
}

#[test]
fn any_name_may_be_the_schemas() {
    run(async {
        let mut schema = TestSchema::with_roles().await;
        schema.name.push_str(" \"Ä; --");
        let options = PgOptions::new(server::url()).unwrap().schema(&schema.name).unwrap();
        let store = PgStore::connect(&options).await.unwrap();
        store.migrate().await.unwrap();
        let fixture = Fixture::from(store.opened());
        let job = fixture.create(&fixture.keyed("k")).await;
        assert_eq!(fixture.start(&fixture.claim()).await[0].id, job.id);
    });
}

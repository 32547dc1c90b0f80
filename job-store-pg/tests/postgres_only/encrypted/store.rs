//! A store whose URL asks for encryption sends nothing in plain, by whichever connection.

use super::server::Encrypted;
use crate::{
    run,
    server::{and, seconds},
};
use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::join_all;
use job_core::{
    QueueName,
    store::{JobStore, Opener as _, StoreError, StoreUrl, Wake},
};
use job_store_pg::{Opener, PgOptions, PgStore};
use job_testing::Fixture;
use std::{num::NonZeroU32, time::Duration};
use tokio::time::{sleep, timeout};

/// Where a store has its tables, and its sessions their name.
fn name(of: &str) -> String {
    format!("{of}_{}_{}", seconds(), std::process::id())
}

/// How it is reached by nobody who is not encrypted.
fn options(server: &Encrypted, name: &str) -> PgOptions {
    let words = format!(
        "sslmode=verify-full&sslrootcert={{}}/root.crt&application_name={name}&schema={name}&roles=false"
    );
    server.options("encrypted", "localhost", &words)
}

async fn number(conn: &mut AsyncPgConnection, sql: &str) -> i64 {
    diesel::sql_query(sql).get_result::<Number>(conn).await.unwrap().n
}

#[test]
fn every_connection_of_a_store_is_encrypted() {
    run(async {
        let Some(server) = Encrypted::server().await else { return };
        let name = name("all");
        let mut conn = server.options("postgres", "localhost", "sslmode=disable").establish().await.unwrap();
        let store = PgStore::connect(&options(&server, &name).connections(NonZeroU32::new(3).unwrap()))
            .await
            .unwrap();
        store.migrate().await.unwrap();
        let queue = [QueueName::default()];
        let listening = {
            let store = store.clone();
            tokio::spawn(async move { store.woken(&[QueueName::default()]).await })
        };
        // It rings once when it has begun to listen, and each further time because another has work.
        listening.await.unwrap();
        let other = PgStore::connect(&options(&server, &name)).await.unwrap();
        let fixture = Fixture::from(other.opened());
        fixture.insert(&fixture.jobs(2)).await;
        timeout(Duration::from_secs(10), store.woken(&queue)).await.unwrap();
        let calls = join_all((0..20).map(|_| store.now())).await;
        assert!(calls.iter().all(Result::is_ok));

        let of = |more: &str| {
            format!(
                "SELECT count(*) AS n FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) \
                 WHERE application_name = '{name}' {more}"
            )
        };
        assert!(number(&mut conn, &of("AND ssl AND (query LIKE 'LISTEN%' OR query = '')")).await >= 1);
        assert!(number(&mut conn, &of("AND ssl")).await >= 4);
        assert_eq!(number(&mut conn, &of("AND NOT ssl")).await, 0);
    });
}

#[test]
fn an_encrypted_connection_that_the_server_ended_is_replaced() {
    run(async {
        let Some(server) = Encrypted::server().await else { return };
        let name = name("ended");
        let mut conn = server.options("postgres", "localhost", "sslmode=disable").establish().await.unwrap();
        let store = PgStore::connect(&options(&server, &name)).await.unwrap();
        store.now().await.unwrap();
        let end = format!(
            "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity WHERE application_name = '{name}'"
        );
        assert!(number(&mut conn, &end).await >= 1);
        store.now().await.unwrap();
    });
}

#[test]
fn a_call_that_is_given_up_is_cancelled_by_an_encrypted_request() {
    run(async {
        let Some(server) = Encrypted::server().await else { return };
        let name = name("cancel");
        let mut conn = server.options("postgres", "localhost", "sslmode=disable").establish().await.unwrap();
        PgStore::connect(&options(&server, &name)).await.unwrap().migrate().await.unwrap();
        // Behind a pooler no time-out of the server's own comes first.
        let impatient = options(&server, &name).pooler(true).deadline(Duration::from_millis(300));
        let fixture = Fixture::from(PgStore::connect(&impatient).await.unwrap().opened());
        conn.begin_test_transaction().await.unwrap();
        conn.batch_execute(&format!("LOCK TABLE {name}.job IN ACCESS EXCLUSIVE MODE")).await.unwrap();
        let given_up = fixture.store.claim(&fixture.claim()).await;
        assert!(matches!(given_up, Err(StoreError::Unavailable(_))), "{given_up:?}");
        let runs = format!(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = '{name}' AND wait_event_type = 'Lock'"
        );
        let gone = async {
            while number(&mut conn, &runs).await > 0 {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(5), gone).await.expect("the server still runs what nobody waits for");
    });
}

#[test]
fn a_store_that_cannot_be_opened_says_which_certificate_is_wrong() {
    run(async {
        let Some(server) = Encrypted::server().await else { return };
        let url = and(
            &server.url("postgres", "127.0.0.1", "sslmode=verify-full&sslrootcert={}/root.crt"),
            "roles=false",
        );
        let refused = Opener.open(&StoreUrl::new(url)).await.unwrap_err();
        assert!(refused.advice.contains("not for 127.0.0.1 but for localhost"), "{refused}");
        assert!(matches!(refused.source.downcast_ref(), Some(StoreError::Denied(_))), "{refused:?}");
    });
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

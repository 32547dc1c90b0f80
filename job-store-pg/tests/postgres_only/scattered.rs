//! Few due jobs between many rows that wait for later, for a turn or for others.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use job_core::{
    Clock, Job, NewJob,
    store::{Claim, JobStore},
};
use job_store_pg::PgStore;
use job_testing::factory;

const DUE: &str = include_str!("../../src/sql/due.sql");
const SCATTERED: &str = include_str!("../../src/sql/scattered.sql");
const STARTABLE: &str = include_str!("../../src/sql/startable.sql");

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Text)]
    id: String,
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
    text: String,
}

/// A schema, and a connection on which `usual` and `scattered` give what claims of all, at 2026-01-01, would start.
async fn prepared(rows: &str) -> (TestSchema, AsyncPgConnection) {
    let schema = TestSchema::new().await;
    schema.store().await;
    let mut conn = server::connect().await;
    let common = "bigint, text[], timestamptz, uuid, bigint, text, timestamptz, boolean";
    let give = "SELECT id::text FROM due ORDER BY urgency, scheduled_start, due.id";
    let scattered = SCATTERED.replace("{startable}", STARTABLE);
    let sql = format!(
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off; SELECT setseed(0.5);
         PREPARE usual({common}, bigint, timestamptz, uuid) AS WITH {DUE} {give};
         PREPARE scattered({common}, bigint) AS WITH {scattered} {give};
         INSERT INTO {{schema}}.job (id, type, args, priority, max_retries, date_created, status, queue, attempt_count, \
             crash_count, scheduled_start, revision, turn) \
         SELECT gen_random_uuid(), type, '1', priority, 0, now(), 0, 'default', 0, 0, start, 0, turn FROM ({rows}) AS new;"
    );
    conn.batch_execute(&sql.replace("{schema}", &schema.name)).await.unwrap();
    (schema, conn)
}

fn usual(limit: u32, due_by: &str, turns: bool) -> String {
    let place = "-2147483648, '0001-01-01', '00000000-0000-0000-0000-000000000000'";
    format!("EXECUTE usual({}, {place})", common(limit, due_by, turns))
}

fn scattered(limit: u32, due_by: &str, turns: bool, age: &str) -> String {
    format!("EXECUTE scattered({}, {age})", common(limit, due_by, turns))
}

fn common(limit: u32, due_by: &str, turns: bool) -> String {
    format!("{limit}, '{{test,paused}}', '2026-01-01', gen_random_uuid(), 1, 'default', {due_by}, {turns}")
}

async fn found(conn: &mut AsyncPgConnection, sql: &str) -> Vec<String> {
    let found: Vec<Found> = diesel::sql_query(sql).load(conn).await.unwrap();
    found.into_iter().map(|it| it.id).collect()
}

/// How many pages a statement reads.
async fn pages(conn: &mut AsyncPgConnection, sql: &str) -> u64 {
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) {sql}");
    let lines: Vec<Line> = diesel::sql_query(explain).load(conn).await.unwrap();
    let first = lines.iter().find_map(|it| it.text.trim().strip_prefix("Buffers: shared ")).unwrap();
    let numbers = first.split(' ').filter_map(|it| it.split_once('='));
    numbers.filter(|it| ["hit", "read"].contains(&it.0)).map(|it| it.1.parse::<u64>().unwrap()).sum()
}

#[test]
fn both_ways_to_look_find_the_same_jobs() {
    run(async {
        // More urgencies than are walked one by one, and rows of every kind that is passed by.
        let rows = "SELECT (ARRAY['test', 'test', 'foreign', 'paused'])[1 + n % 4] AS type, (random() * 200)::integer - 100 \
            AS priority, '2026-01-01'::timestamptz + (random() - 0.5) * interval '2 h' AS start, \
            CASE WHEN n % 3 = 0 THEN 't:' || n % 7 END AS turn FROM generate_series(1, 4000) AS n";
        let (schema, mut conn) = prepared(rows).await;
        let further = "INSERT INTO {schema}.switch VALUES (1, 'paused'); \
            UPDATE {schema}.job SET status = 1, running_key = turn, lease_holder = gen_random_uuid(), lease_expires = now() \
            WHERE id IN (SELECT DISTINCT ON (turn) id FROM {schema}.job WHERE turn IN ('t:1', 't:4'))";
        conn.batch_execute(&further.replace("{schema}", &schema.name)).await.unwrap();
        for analyze in ["SELECT 1".to_owned(), format!("ANALYZE {}.job", schema.name)] {
            conn.batch_execute(&analyze).await.unwrap();
            for (limit, due_by, turns) in [
                (1, "NULL", true),
                (10, "NULL", true),
                (10, "NULL", false),
                (300, "NULL", true),
                (5000, "NULL", true),
                (5000, "NULL", false),
                (5000, "'2025-12-31 23:30'", true),
            ] {
                let expected = found(&mut conn, &usual(limit, due_by, turns)).await;
                assert!(!expected.is_empty());
                assert_eq!(found(&mut conn, &scattered(limit, due_by, turns, "NULL")).await, expected);
            }
            // A look for what is new since ten minutes ago, and the front.
            let all = found(&mut conn, &usual(5000, "NULL", true)).await;
            let expected = format!(
                "SELECT id::text FROM (SELECT id, scheduled_start, row_number() OVER (ORDER BY -priority::integer, \
                 scheduled_start, id) AS nth FROM {}.job WHERE status = 0) AS job \
                 WHERE nth <= 200 OR scheduled_start >= timestamptz '2026-01-01' - interval '10 min'",
                schema.name
            );
            let near = found(&mut conn, &expected).await;
            let expected: Vec<String> = all.into_iter().filter(|it| near.contains(it)).collect();
            assert_eq!(found(&mut conn, &scattered(5000, "NULL", true, "600000000")).await, expected);
        }
    });
}

#[test]
fn what_waits_for_later_is_not_walked() {
    run(async {
        let rows = "SELECT 'test' AS type, n % 3 AS priority, '2026-01-02'::timestamptz AS start, NULL AS turn \
            FROM generate_series(1, 50000) AS n";
        let (_schema, mut conn) = prepared(rows).await;
        let (whole, front) = (scattered(10, "NULL", true, "NULL"), scattered(10, "NULL", true, "2000000"));
        let walked = pages(&mut conn, &usual(10, "NULL", true)).await;
        let (whole, front) = (pages(&mut conn, &whole).await, pages(&mut conn, &front).await);
        assert!(walked > 300 && whole < 60 && front < 300, "{walked} {whole} {front}");
    });
}

#[test]
fn what_waits_for_a_turn_is_walked_only_when_all_is_looked_at() {
    run(async {
        let rows = "SELECT 'test' AS type, 0 AS priority, '2025-01-01'::timestamptz AS start, 't:x' AS turn \
            FROM generate_series(1, 50000) AS n";
        let (schema, mut conn) = prepared(rows).await;
        let busy = format!(
            "UPDATE {0}.job SET status = 1, running_key = turn, lease_holder = gen_random_uuid(), lease_expires = now() \
             WHERE id = (SELECT id FROM {0}.job LIMIT 1)",
            schema.name
        );
        conn.batch_execute(&busy).await.unwrap();
        let walked = pages(&mut conn, &usual(10, "NULL", true)).await;
        let front = pages(&mut conn, &scattered(10, "NULL", true, "2000000")).await;
        assert!(walked > 50_000 && front < 2000, "{walked} {front}");
    });
}

/// A store with 30,000 jobs of one turn, of which the first was started, by a claim that has walked over all others.
async fn behind_a_turn(claim: &Claim) -> (TestSchema, PgStore, Job) {
    let schema = TestSchema::new().await;
    let store = schema.store().await;
    let turn = Some(job_core::Turn::stored("t:x"));
    let jobs: Vec<NewJob> =
        (0..30_000).map(|_| NewJob { turn: turn.clone(), ..factory::job(store.mint()) }).collect();
    store.insert(&jobs, Clock::Store).await.unwrap();
    let mut started = store.claim(claim).await.unwrap().jobs;
    assert_eq!(started.len(), 1);
    (schema, store, started.remove(0))
}

#[test]
fn what_is_new_is_started_at_once_and_so_is_the_next_job_of_a_turn() {
    run(async {
        let claim = factory::claim(Clock::Store);
        let (_schema, store, mut running) = behind_a_turn(&claim).await;
        for _ in 0..20 {
            let new = factory::job(store.mint());
            store.insert(std::slice::from_ref(&new), Clock::Store).await.unwrap();
            let started = store.claim(&claim).await.unwrap().jobs;
            assert_eq!(started.iter().map(|it| it.id).collect::<Vec<_>>(), [new.id]);
            let done = factory::change(&running, running.complete(store.now().await.unwrap()));
            assert!(store.apply(&[done]).await.unwrap()[0].is_applied());
            let next = store.claim(&claim).await.unwrap().jobs;
            assert!(matches!(&next[..], [next] if next.spec.turn.is_some()), "one of the turn");
            running = next[0].clone();
        }
    });
}

#[test]
fn a_run_that_is_to_end_finds_all_that_is_due() {
    run(async {
        let claim = factory::claim(Clock::Store);
        let (schema, store, running) = behind_a_turn(&claim).await;
        let claim = Claim { due_by: Some(store.now().await.unwrap()), ..claim };
        assert!(store.claim(&claim).await.unwrap().is_empty());
        // Deep in the queue, and not new: somebody else has let it go.
        let loose = format!(
            "UPDATE {0}.job SET turn = NULL WHERE id = (SELECT max(id::text)::uuid FROM {0}.job)",
            schema.name
        );
        server::connect().await.batch_execute(&loose).await.unwrap();
        let started = store.claim(&claim).await.unwrap().jobs;
        assert!(matches!(&started[..], [started] if started.id != running.id));
    });
}

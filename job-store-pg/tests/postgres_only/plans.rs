//! The plans: each hot statement finds its rows by an index, also where it was planned on the empty table.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

const COLUMNS: &str = include_str!("../../src/sql/columns.sql");

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
    text: String,
}

/// A statement, what it is executed with, and the index that it must use.
fn statements() -> Vec<(&'static str, String, &'static str, &'static str)> {
    let claim = format!(
        "WITH {} {} {COLUMNS}",
        include_str!("../../src/sql/due.sql"),
        include_str!("../../src/sql/start.sql")
    );
    let lapsed = format!("SELECT {COLUMNS} {}", include_str!("../../src/sql/lapsed.sql"));
    let by_id = format!("SELECT {COLUMNS} {}", include_str!("../../src/sql/by_id.sql"));
    let prune = format!(
        "WITH {} {}",
        include_str!("../../src/sql/walk.sql"),
        include_str!("../../src/sql/prune.sql")
    );
    let apply = |write: &str| {
        let text = format!("{} SELECT id FROM applied", include_str!("../../src/sql/apply.sql"));
        text.replace("{arrays}", "$1::uuid[], $2::bigint[], $3::timestamptz[]")
            .replace("{names}", "change_id, expected, lapsed_by")
            .replace("{lapsed_by}", "lapsed_by")
            .replace("{write}", write)
    };
    let update = apply("UPDATE {schema}.job SET status = 2, date_finished = now() FROM change");
    let delete = apply("DELETE FROM {schema}.job USING change");
    vec![
        (
            "claim",
            claim,
            "10, '{test}', NULL, gen_random_uuid(), 1, 'default', NULL, TRUE, -100000, '-infinity', gen_random_uuid()",
            "job_due",
        ),
        ("update", update, "NULL, NULL, NULL", "job_pkey"),
        ("delete", delete, "NULL, NULL, NULL", "job_pkey"),
        (
            "renew",
            include_str!("../../src/sql/renew.sql").to_owned(),
            "NULL, NULL, NULL, 1, NULL",
            "job_pkey",
        ),
        ("lapsed", lapsed, "NULL, 10, NULL", "job_running"),
        ("by_id", by_id, "NULL", "job_pkey"),
        ("holders", include_str!("../../src/sql/holders.sql").to_owned(), "NULL, NULL", "job_held"),
        ("existing", include_str!("../../src/sql/existing.sql").to_owned(), "NULL, NULL", "job_held"),
        ("delete_by_id", include_str!("../../src/sql/delete.sql").to_owned(), "NULL", "job_pkey"),
        (
            "append",
            include_str!("../../src/sql/append.sql").to_owned(),
            "NULL, NULL, NULL, NULL, NULL, NULL",
            "job_pkey",
        ),
        ("prune", prune, "now(), NULL, NULL, 1000, gen_random_uuid(), 10000, gen_random_uuid()", "job_pkey"),
    ]
}

async fn plan(conn: &mut AsyncPgConnection, name: &str, values: &str) -> String {
    let explain = format!("EXPLAIN (COSTS OFF) EXECUTE {name} ({values})");
    let lines: Vec<Line> = diesel::sql_query(explain).load(conn).await.unwrap();
    lines.into_iter().map(|it| it.text + "\n").collect()
}

#[test]
fn every_hot_statement_uses_its_index() {
    run(async {
        let schema = TestSchema::new().await;
        schema.store().await;
        let mut conn = server::connect().await;
        // As the store sets its own connections.
        conn.batch_execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
            .await
            .unwrap();
        for (name, sql, values, index) in statements() {
            let sql = sql.replace("{schema}", &schema.name);
            conn.batch_execute(&format!("PREPARE {name} AS {sql}")).await.unwrap();
            let plan = plan(&mut conn, name, values).await;
            assert!(plan.contains(index), "{name} on the empty table:\n{plan}");
        }
        // Final rows and rows that wait in other queues, without statistics and with them.
        let fill = format!(
            "INSERT INTO {}.job (id, type, args, priority, max_retries, date_created, status, queue, attempt_count, \
                 crash_count, scheduled_start, date_finished, revision) \
             SELECT gen_random_uuid(), 'test', '1', 0, 0, now(), CASE WHEN n % 10 = 0 THEN 0 ELSE 2 END, \
                 'q' || n % 5, 0, 0, now(), CASE WHEN n % 10 = 0 THEN NULL ELSE now() END, 0 \
             FROM generate_series(1, 20000) AS n",
            schema.name
        );
        conn.batch_execute(&fill).await.unwrap();
        for analyze in ["SELECT 1".to_owned(), format!("ANALYZE {}.job", schema.name)] {
            conn.batch_execute(&analyze).await.unwrap();
            for (name, _, values, index) in statements() {
                let plan = plan(&mut conn, name, values).await;
                assert!(plan.contains(index) && !plan.contains("Seq Scan on job"), "{name}:\n{plan}");
            }
        }
    });
}

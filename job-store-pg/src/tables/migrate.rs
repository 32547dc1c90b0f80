//! The tables and their versions.

use crate::{
    error::{CallError, Kind, store_error},
    list::Number,
    statement::{
        Statement,
        schema::{Schema, quoted},
    },
    tables::roles,
};
use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use job_core::store::StoreError;

/// What brings the tables from each version to the next, and back; the first makes them. None of these is ever edited.
const STEPS: [(&str, &str); VERSION as usize] =
    [(include_str!("../sql/schema_1_up.sql"), include_str!("../sql/schema_1_down.sql"))];

/// How often a migration that met another one over roles is tried again.
const TRIES: u32 = 5;

/// The version of the tables that this program expects.
pub(crate) const VERSION: u32 = 1;

const VERSIONS: &str = "CREATE TABLE {schema}.version (
    -- A row for each version that the tables had since they were made; the highest is theirs now.
    version integer PRIMARY KEY,
    since   timestamptz NOT NULL DEFAULT clock_timestamp()
)";

/// Brings the tables of `schema` to `target`, forward or back, in one transaction. Of many who start at once one does it,
/// and the others wait for it.
pub(crate) async fn migrate(
    conn: &mut AsyncPgConnection,
    schema: &Schema,
    target: u32,
    with_roles: bool,
) -> Result<(), CallError> {
    for _ in 0..TRIES {
        match migrate_once(conn, schema, target, with_roles).await {
            // Roles belong to all databases of the server, and another one was migrated at the same time.
            Err(error) if matches!(error.kind(), Kind::Key | Kind::Conflict) => {}
            result => return result,
        }
    }
    migrate_once(conn, schema, target, with_roles).await
}

async fn migrate_once(
    conn: &mut AsyncPgConnection,
    schema: &Schema,
    target: u32,
    with_roles: bool,
) -> Result<(), CallError> {
    if version(conn, schema).await? == target {
        return Ok(());
    }
    conn.batch_execute("BEGIN").await?;
    let result = within(conn, schema, target, with_roles).await;
    conn.batch_execute(if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    result
}

async fn within(
    conn: &mut AsyncPgConnection,
    schema: &Schema,
    target: u32,
    with_roles: bool,
) -> Result<(), CallError> {
    // Freed when the transaction ends, also behind a pooler. Who waited here sees what the one before has done.
    let lock = "SELECT pg_advisory_xact_lock(hashtext('job-store-pg'), hashtext($1::text))";
    Statement::new(lock, vec![schema.name().into()]).run(conn).await?;
    let from = version(conn, schema).await?;
    if from > VERSION {
        return Err(StoreError::Schema(Box::new(Newer { version: from })).into());
    }
    if from == target {
        return Ok(());
    }
    if from == 0 {
        let exists = "SELECT count(*) FROM pg_namespace WHERE nspname = $1::text";
        // Asked first: who may not create schemas may still use one that was made for them.
        if number(conn, Statement::new(exists, vec![schema.name().into()])).await? == 0 {
            conn.batch_execute(&format!("CREATE SCHEMA {}", quoted(schema.name()))).await?;
        }
        conn.batch_execute(&schema.fill(VERSIONS)).await?;
    }
    for (number, (up, _)) in (1..).zip(STEPS) {
        if (from + 1..=target).contains(&number) {
            conn.batch_execute(&schema.fill(up)).await?;
            conn.batch_execute(&schema.fill(&format!("INSERT INTO {{schema}}.version VALUES ({number})")))
                .await?;
        }
    }
    let steps: Vec<_> = (1..).zip(STEPS).collect();
    for (number, (_, down)) in steps.into_iter().rev() {
        if (target + 1..=from).contains(&number) {
            conn.batch_execute(&schema.fill(down)).await?;
            conn.batch_execute(
                &schema.fill(&format!("DELETE FROM {{schema}}.version WHERE version = {number}")),
            )
            .await?;
        }
    }
    if target == VERSION && with_roles {
        roles::make(conn, schema).await?;
    }
    if target == 0 {
        conn.batch_execute(&schema.fill("DROP TABLE {schema}.version")).await?;
    }
    tracing::info!(schema = schema.name(), from, to = target, "the job tables are of version {target} now");
    Ok(())
}

/// The version of the tables; 0 if there are none.
pub(crate) async fn version(conn: &mut AsyncPgConnection, schema: &Schema) -> QueryResult<u32> {
    let exists = "SELECT count(*) FROM pg_tables WHERE schemaname = $1::text AND tablename = 'version'";
    if number(conn, Statement::new(exists, vec![schema.name().into()])).await? == 0 {
        return Ok(0);
    }
    let latest = schema.fill("SELECT coalesce(max(version), 0)::bigint FROM {schema}.version");
    let latest = number(conn, Statement::new(&latest, Vec::new())).await?;
    // Whatever does not fit is no version that we know.
    Ok(u32::try_from(latest).unwrap_or(u32::MAX))
}

/// Refuses tables that a newer program has migrated.
pub(crate) async fn refuse_newer(conn: &mut AsyncPgConnection, schema: &Schema) -> Result<(), StoreError> {
    match version(conn, schema).await.map_err(store_error)? {
        newer if newer > VERSION => Err(StoreError::Schema(Box::new(Newer { version: newer }))),
        _ => Ok(()),
    }
}

async fn number(conn: &mut AsyncPgConnection, statement: Statement<'_>) -> QueryResult<i64> {
    let first: Option<Number> = statement.first(conn).await?;
    Ok(first.map_or(0, |it| it.0))
}

/// A newer program has migrated the tables.
#[derive(Debug, thiserror::Error)]
#[error(
    "the tables are of version {version}, made by a newer program; this one knows versions up to {VERSION}: \
     update it, or use another schema"
)]
struct Newer {
    version: u32,
}

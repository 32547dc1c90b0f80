//! Group roles: what a producer, a worker, an operator and a viewer may do.

use crate::{
    list::Number,
    statement::{
        Statement,
        schema::{Schema, quoted},
    },
};
use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

/// What the names of the roles end in.
const KINDS: [&str; 4] = ["producer", "worker", "operator", "viewer"];

/// Makes the roles `SCHEMA_producer`, `…_worker`, `…_operator` and `…_viewer`, which nobody can log in as and which are
/// granted to those who can. Where the user may not make roles, the statements are logged for somebody who may.
pub(crate) async fn make(conn: &mut AsyncPgConnection, schema: &Schema) -> QueryResult<()> {
    let mut statements = String::new();
    for kind in KINDS {
        let name = name(schema, kind);
        let exists = "SELECT count(*) FROM pg_roles WHERE rolname = $1::text";
        if number(conn, Statement::new(exists, vec![name.as_str().into()])).await? == 0 {
            statements.push_str(&format!("CREATE ROLE {} NOLOGIN;\n", quoted(&name)));
        }
    }
    let may = "SELECT count(*) FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolcreaterole)";
    let missing = !statements.is_empty();
    statements.push_str(&grants(schema));
    if missing && number(conn, Statement::new(may, Vec::new())).await? == 0 {
        tracing::warn!(
            "the database user may not make roles; whoever may can run this, then grant them:\n{statements}"
        );
        return Ok(());
    }
    conn.batch_execute(&statements).await
}

/// Which of the roles are missing.
pub(crate) async fn missing(conn: &mut AsyncPgConnection, schema: &Schema) -> QueryResult<Vec<String>> {
    let mut missing = Vec::new();
    for kind in KINDS {
        let name = name(schema, kind);
        let exists = "SELECT count(*) FROM pg_roles WHERE rolname = $1::text";
        if number(conn, Statement::new(exists, vec![name.as_str().into()])).await? == 0 {
            missing.push(name);
        }
    }
    Ok(missing)
}

fn grants(schema: &Schema) -> String {
    let grants = schema.fill(include_str!("../sql/roles.sql"));
    KINDS.iter().fold(grants, |text, kind| text.replace(&format!("{{{kind}}}"), &quoted(&name(schema, kind))))
}

fn name(schema: &Schema, kind: &str) -> String {
    format!("{}_{kind}", schema.name())
}

async fn number(conn: &mut AsyncPgConnection, statement: Statement<'_>) -> QueryResult<i64> {
    let first: Option<Number> = statement.first(conn).await?;
    Ok(first.map_or(0, |it| it.0))
}

//! Looking after the file: its tables, and what an operator should know of it.

use crate::{
    connection::journal_mode,
    fields::Fields,
    ids::now,
    lease::unreadable_lapsed,
    migrate,
    statement::{SqliteRow, Statement, statements},
    store::SqliteStore,
};
use async_trait::async_trait;
use diesel::{QueryResult, SqliteConnection};
use job_core::{
    Text,
    store::{Admin, StoreError},
};
use std::time::Duration;

/// For how long a job may be due before we say so.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

statements! {
    /// All of it, not `quick_check`: an index without its rows would let a key be held twice.
    IntegrityCheck = "PRAGMA integrity_check(10)";
    Overdue = include_str!("sql/overdue.sql");
}

#[async_trait]
impl Admin for SqliteStore {
    async fn migrate(&self) -> Result<(), StoreError> {
        self.write_checked(|it| migrate::migrate_within(it.conn)).await
    }

    async fn schema_version(&self) -> Result<u32, StoreError> {
        self.read(migrate::version).await
    }

    async fn findings(&self) -> Result<Vec<String>, StoreError> {
        self.read(findings).await
    }
}

fn findings(conn: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    let mut findings = Vec::new();
    IntegrityCheck::each(conn, [], |row| {
        let problem = Fields::of(row).text().filter(|it| &**it != "ok");
        findings.extend(problem.map(|it| format!("the file is damaged: {it}")));
        true
    })?;
    if !findings.is_empty() {
        // What else a damaged file says is not to be trusted.
        return Ok(findings);
    }
    let mode = journal_mode(conn)?;
    if mode != "wal" {
        findings.push(format!(
            "the journal mode is {mode}, not wal: readers and the writer wait for each other; \
             the file is probably on a network share, which SQLite does not support"
        ));
    }
    let version = migrate::version(conn)?;
    if version != migrate::VERSION {
        findings.push(format!(
            "the tables are of version {version}, and this program expects version {}: migrate",
            migrate::VERSION
        ));
        return Ok(findings);
    }
    Overdue::each(conn, [now().before(LONG).into()], |row| {
        findings.extend(overdue(row));
        true
    })?;
    for row in unreadable_lapsed(conn, now())? {
        findings.push(format!(
            "{}, and it runs past its lease, so that nobody takes it up: mend its row, or delete it",
            Text::of_error(&row)
        ));
    }
    Ok(findings)
}

fn overdue(row: &SqliteRow<'_, '_>) -> Option<String> {
    let mut fields = Fields::of(row);
    let (queue, type_name) = (fields.text()?, fields.text()?);
    let (jobs, since) = (fields.number()?, fields.time()?);
    Some(format!(
        "{jobs} {type_name} jobs of the queue {queue} have been due for more than a day, the first since {since}: \
         does a runner serve that queue and know that type?"
    ))
}

//! Looking after the tables, and what an operator should know of them.

use crate::{
    call::Call,
    clock::Time,
    connection::session::Session,
    error::CallError,
    statement::{FromRow, Statement, fields::Fields, schema::Schema},
    store::PgStore,
    tables::{migrate, roles},
};
use async_trait::async_trait;
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{
    Timestamp,
    store::{Admin, StoreError},
};

/// For how long a transaction may be open before we say so, in seconds.
const LONG: i64 = 300;
/// How many dead rows are worth a word, if they are also more than the live ones.
const MANY: i64 = 50_000;

#[async_trait]
impl Admin for PgStore {
    async fn migrate(&self) -> Result<(), StoreError> {
        Self::migrate(self).await
    }

    async fn schema_version(&self) -> Result<u32, StoreError> {
        self.call(Version(self.schema().clone())).await
    }

    async fn findings(&self) -> Result<Vec<String>, StoreError> {
        self.call(Findings(self.schema().clone())).await
    }

    async fn server_started(&self) -> Result<Option<Timestamp>, StoreError> {
        self.call(ServerStarted).await
    }
}

#[derive(Debug)]
struct ServerStarted;

impl Call for ServerStarted {
    type Answer = Option<Timestamp>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Self::Answer, CallError> {
        let started = Statement::new("SELECT pg_postmaster_start_time()", Vec::new());
        Ok(started.first::<Time>(session.conn).await?.map(|it| it.0))
    }
}

#[derive(Debug)]
struct Version(Schema);

impl Call for Version {
    type Answer = u32;

    async fn run(&self, session: &mut Session<'_>) -> Result<u32, CallError> {
        Ok(migrate::version(session.conn, &self.0).await?)
    }
}

#[derive(Debug)]
struct Findings(Schema);

impl Call for Findings {
    type Answer = Vec<String>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Vec<String>, CallError> {
        let version = migrate::version(session.conn, &self.0).await?;
        if version != migrate::VERSION {
            let expected = migrate::VERSION;
            let finding = format!(
                "the tables are of version {version}, and this program expects version {expected}: migrate"
            );
            return Ok(vec![finding]);
        }
        let health = include_str!("../sql/health.sql");
        let health: Option<Health> =
            Statement::new(health, vec![self.0.name().into()]).first(session.conn).await?;
        let mut findings = health.unwrap_or_default().findings();
        let missing = roles::missing(session.conn, &self.0).await?;
        if !missing.is_empty() {
            findings.push(format!(
                "the group roles {} are not there; migrate as a user who may make roles",
                missing.join(", ")
            ));
        }
        Ok(findings)
    }
}

#[derive(Debug, Default)]
struct Health {
    messages: String,
    oldest: i64,
    dead: i64,
    live: i64,
    lock_timeout: String,
}

impl FromRow for Health {
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self> {
        let mut fields = Fields::of(row);
        Ok(Self {
            messages: fields.text().as_deref().unwrap_or_default().to_owned(),
            oldest: fields.number().unwrap_or_default(),
            dead: fields.number().unwrap_or_default(),
            live: fields.number().unwrap_or_default(),
            lock_timeout: fields.text().as_deref().unwrap_or_default().to_owned(),
        })
    }
}

impl Health {
    fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let english = ["", "C", "POSIX"].contains(&self.messages.as_str())
            || ["en", "C."].iter().any(|it| self.messages.starts_with(it));
        if !english {
            findings.push(format!(
                "the server speaks {}, so that errors which are worth another try are not recognised: \
                 ALTER ROLE … SET lc_messages = 'C' for the users of this store",
                self.messages
            ));
        }
        // Connections set it for themselves, but not behind a pooler.
        if self.lock_timeout == "0" {
            findings.push(
                "rows that somebody has locked are waited for without end, so that one holds up a whole batch: \
                 ALTER ROLE … SET lock_timeout = '1s' for the users of this store"
                    .to_owned(),
            );
        }
        if self.oldest > LONG {
            findings.push(format!(
                "a transaction has been open for {} s; while it is, dead rows pile up and claims walk over them: \
                 see pg_stat_activity",
                self.oldest
            ));
        }
        if self.dead > MANY && self.dead > self.live {
            findings.push(format!(
                "the table job has {} dead rows and {} live ones: vacuum does not keep up",
                self.dead, self.live
            ));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_healthy_server_is_not_worth_a_word() {
        let health = Health {
            messages: "en_US.UTF-8".to_owned(),
            oldest: 3,
            dead: 60_000,
            live: 90_000,
            lock_timeout: "1s".to_owned(),
        };
        assert_eq!(health.findings(), Vec::<String>::new());
    }

    #[test]
    fn each_trouble_is_named() {
        let health = Health {
            messages: "de_DE.UTF-8".to_owned(),
            oldest: 301,
            dead: 60_000,
            live: 10,
            lock_timeout: "0".to_owned(),
        };
        assert_eq!(health.findings().len(), 4);
    }
}

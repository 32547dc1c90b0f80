//! The PostgreSQL server that is measured: a database of the bench's own on it, and a schema for each side of a round.

use super::costs::Costs;
use job_core::BoxError;
use std::{
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tokio_postgres::{Client, NoTls};

/// How long to wait until the sessions of a store that was dropped are gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a server counts for one database. Its sessions report when they end.
const COUNTS: &str = "
    SELECT (pg_current_wal_insert_lsn() - '0/0')::float8, xact_commit::float8, (tup_updated + tup_deleted)::float8
    FROM pg_stat_database WHERE datname = $1";
const CALLS: &str = "
    SELECT coalesce(sum(calls), 0)::float8
    FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid WHERE datname = $1";
const COMMITS: &str = "SELECT xact_commit::float8 FROM pg_stat_database WHERE datname = $1";
const SESSIONS: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'";
const SETTINGS: [&str; 5] =
    ["server_version", "shared_buffers", "max_wal_size", "fsync", "synchronous_commit"];

/// A server, and the bench's database on it.
#[derive(Debug)]
pub struct Server {
    url: String,
    database: String,
    /// To the database of `url`, so that our looks are not counted.
    client: Client,
    counts_calls: bool,
}

/// A schema for one side of a round.
#[derive(Clone, Debug)]
pub(super) struct Room {
    /// The bench's database.
    pub(super) url: String,
    /// The schema, which whoever fills it makes.
    pub(super) schema: String,
}

impl Server {
    /// The server that `url` names, with a new database on it.
    ///
    /// # Errors
    ///
    /// If it cannot be reached, or lets us make no database.
    pub async fn at(url: &str) -> Result<Self, BoxError> {
        let client = connect(url).await?;
        let database = format!("job_lab_{}", process::id());
        let make = format!("CREATE DATABASE {database}");
        client.batch_execute(&make).await.map_err(|error| format!("`{make}` failed: {error:?}"))?;
        // Where the server has it loaded.
        let _ = client.batch_execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await;
        let counts_calls = client.query_one(CALLS, &[&database]).await.is_ok();
        Ok(Self { url: url.to_owned(), database, client, counts_calls })
    }

    /// A schema that nobody has used yet.
    pub(super) fn room(&self) -> Room {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let schema = format!("round_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        Room { url: with_database(&self.url, &self.database), schema }
    }

    /// Its version and the settings that figures depend on.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub async fn words(&self) -> Result<String, BoxError> {
        let mut words = String::from("PostgreSQL");
        for (nth, setting) in SETTINGS.iter().enumerate() {
            let value: String = self.client.query_one("SELECT current_setting($1)", &[setting]).await?.get(0);
            words.push_str(&if nth == 0 { format!(" {value}") } else { format!(", {setting} {value}") });
        }
        Ok(words)
    }

    /// What the server has counted until now. Waits until all sessions of the database have ended.
    pub(super) async fn costs(&self) -> Result<Costs, BoxError> {
        let until = Instant::now() + PATIENCE;
        while self.client.query_one(SESSIONS, &[&self.database]).await?.get::<_, i64>(0) > 0 {
            if Instant::now() > until {
                return Err("a store was dropped, and its sessions stay".into());
            }
            sleep(Duration::from_millis(5)).await;
        }
        let counts = self.client.query_one(COUNTS, &[&self.database]).await?;
        let calls = match self.counts_calls {
            true => Some(self.client.query_one(CALLS, &[&self.database]).await?.get(0)),
            false => None,
        };
        Ok(Costs { wal: counts.get(0), commits: counts.get(1), calls, dead: counts.get(2) })
    }

    /// How many statements the server has run in the database until now; where it does not count them, how many
    /// transactions, of which those of the last second may be missing.
    pub(super) async fn statements(&self) -> Result<f64, BoxError> {
        let counted = if self.counts_calls { CALLS } else { COMMITS };
        Ok(self.client.query_one(counted, &[&self.database]).await?.get(0))
    }

    /// Writes to disk what was filled in, so that this does not happen while the clock runs, where we may.
    pub(super) async fn checkpoint(&self) {
        let _ = self.client.batch_execute("CHECKPOINT").await;
    }

    /// Drops the database.
    ///
    /// # Errors
    ///
    /// If the server refuses or is gone.
    pub async fn leave(&self) -> Result<(), BoxError> {
        Ok(self.client.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.database)).await?)
    }
}

impl Room {
    /// A session of its own, in which names without a schema are of this one.
    pub(super) async fn connect(&self) -> Result<Client, BoxError> {
        let client = connect(&self.url).await?;
        client.batch_execute(&format!("SET search_path = {}", self.schema)).await?;
        Ok(client)
    }

    /// A transaction that sees what it sees now, until it is dropped: no older version of a row can go meanwhile.
    pub(super) async fn snapshot(&self) -> Result<Client, BoxError> {
        let client = self.connect().await?;
        // The first look takes the snapshot.
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class LIMIT 1").await?;
        Ok(client)
    }

    /// Drops all that is in it.
    pub(super) async fn clear(&self) -> Result<(), BoxError> {
        let client = connect(&self.url).await?;
        Ok(client.batch_execute(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema)).await?)
    }
}

async fn connect(url: &str) -> Result<Client, BoxError> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // Its error is also that of the call that it cuts off.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// `url` with another database in it.
fn with_database(url: &str, database: &str) -> String {
    let (before, query) =
        url.split_once('?').map_or((url, String::new()), |(it, query)| (it, format!("?{query}")));
    let authority = before.find("://").map_or(0, |it| it + 3);
    let end = before[authority..].find('/').map_or(before.len(), |it| authority + it);
    format!("{}/{database}{query}", &before[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_of_a_url_is_another() {
        for (url, ours) in [
            ("postgres://u:p@h:1/theirs", "postgres://u:p@h:1/ours"),
            ("postgres://u@h", "postgres://u@h/ours"),
            ("postgres://u@h/?connect_timeout=3", "postgres://u@h/ours?connect_timeout=3"),
        ] {
            assert_eq!(with_database(url, "ours"), ours);
        }
    }
}

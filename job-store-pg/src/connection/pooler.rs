//! Telling whether a pooler stands before the server that hands our connection's statements to several of the server's.

use crate::connection::{
    options::PgOptions,
    server::{ConnectError, Server},
};
use job_core::store::StoreError;
use std::time::Duration;
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{Client, Error, SimpleQueryMessage, error::SqlState};

/// How long a probe may take. A pool that has no second connection to give says nothing, and shares none either.
const PROBE: Duration = Duration::from_secs(2);

/// Refuses a pooler in transaction mode if `expected` says that there is none, and one that forgets prepared statements
/// if it says that there is one. What cannot be told is not refused.
pub(crate) async fn refuse_unfit(server: &Server, expected: bool) -> Result<(), StoreError> {
    let probe = async {
        let probe = Probe::connect(server).await?;
        Ok::<_, ConnectError>(if expected { probe.forgets().await? } else { probe.shares().await? })
    };
    let unfit = match timeout(PROBE, probe).await {
        Ok(Ok(true)) if expected => Unfit::Forgetful,
        Ok(Ok(true)) => Unfit::Unexpected,
        _ => return Ok(()),
    };
    Err(StoreError::Other(unfit.into()))
}

/// Refuses a role behind a pooler in transaction mode, where none can be taken: without a word, connections would have all
/// rights of the user they log in as.
pub(crate) fn refuse_role(options: &PgOptions) -> Result<(), StoreError> {
    if options.pooler && options.role.is_some() {
        return Err(StoreError::Other(Unfit::Roleless.into()));
    }
    Ok(())
}

/// The pooler between us and the server is not such as we can work with.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error(
        "a connection pooler in transaction mode stands before the server, where settings and LISTEN are lost: point the \
         URL at the server, or at a pool in session mode; or, with PgBouncer 1.21 or later and its max_prepared_statements \
         set to 200, say pooler=true in the URL"
    )]
    Unexpected,
    #[error(
        "the connection pooler before the server forgets prepared statements: use PgBouncer 1.21 or later with its \
         max_prepared_statements set to 200; or a pool in session mode, or the server itself, and say pooler=true no more"
    )]
    Forgetful,
    #[error(
        "no role can be taken behind a pooler in transaction mode (pooler=true): name none, and log in as a user whose own \
         rights are those, such as a member of the role that inherits them"
    )]
    Roleless,
}

/// Two connections that are open at the same time.
struct Probe {
    one: Client,
    two: Client,
    drivers: [JoinHandle<Result<(), Error>>; 2],
}

impl Probe {
    async fn connect(server: &Server) -> Result<Self, ConnectError> {
        let (one, first) = server.connect().await?;
        let (two, second) = server.connect().await?;
        Ok(Self { one, two, drivers: [tokio::spawn(first), tokio::spawn(second)] })
    }

    /// Whether both are led to one and the same server process, or one of them to several.
    async fn shares(&self) -> Result<bool, Error> {
        let first = backend(&self.one).await?;
        let other = backend(&self.two).await?;
        Ok(first == other || first != backend(&self.one).await?)
    }

    /// Whether a statement that was prepared is gone when another connection has taken the server's meanwhile.
    async fn forgets(&self) -> Result<bool, Error> {
        let prepared = self.one.prepare("SELECT 1").await?;
        self.two.batch_execute("BEGIN; SELECT 1").await?;
        let known = self.one.execute(&prepared, &[]).await;
        self.two.batch_execute("ROLLBACK").await?;
        Ok(known.is_err_and(|it| it.code() == Some(&SqlState::INVALID_SQL_STATEMENT_NAME)))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        for driver in &self.drivers {
            driver.abort();
        }
    }
}

/// Which process of which server answers. Asked by the simple protocol, which no pooler keeps anything of.
async fn backend(client: &Client) -> Result<Option<String>, Error> {
    // Process numbers alone may be the same on two servers.
    let query = "SELECT pg_backend_pid() || ' ' || pg_postmaster_start_time()";
    let rows = client.simple_query(query).await?;
    let text = |it: &SimpleQueryMessage| match it {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    Ok(rows.iter().find_map(text))
}

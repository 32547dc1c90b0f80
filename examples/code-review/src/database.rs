//! The context of every job: the database that holds the proposals, and the jobs.

use crate::{Connection, Error, schema};
use diesel::{Connection as _, ConnectionError, ConnectionResult, SqliteConnection};
use diesel_async::{
    AsyncPgConnection, SimpleAsyncConnection,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, deadpool::Pool},
};
use job_core::{BoxError, store::Opener};
use job_store_pg::PgOptions;
use std::{fmt, path::absolute, sync::Arc, time::Duration};
use tokio::{runtime::Handle, task::spawn_blocking, time::timeout};

/// The most connections of the pool: a few more than there are jobs at a time.
const CONNECTIONS: usize = 8;

/// How long one waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The database that holds the proposals and the jobs. Cheap to clone.
#[derive(Clone)]
pub enum Database {
    /// An SQLite file, at this path.
    Sqlite(Arc<str>),
    /// PostgreSQL, by a pool of the application's own.
    Postgres {
        /// The pool.
        pool: Pool<AsyncPgConnection>,
        /// Where its connections are driven: those of handlers end with their script, and connections with them.
        runtime: Handle,
    },
}

impl Database {
    /// The database of the store with this URL. Connects to nothing yet; the runtime that calls it will drive the
    /// connections.
    ///
    /// # Errors
    ///
    /// If the URL is neither `sqlite:PATH` nor `postgres://…`.
    pub fn of(url: &str) -> Result<Self, BoxError> {
        match url.split_once(':') {
            Some(("sqlite", path)) => file(path),
            Some(("postgres" | "postgresql", _)) => server(url),
            // Not the whole URL, in which there may be a password.
            other => {
                let scheme = other.map_or(url, |(scheme, _)| scheme);
                let advice =
                    "proposals are kept beside their jobs: the store must be `sqlite:PATH` or `postgres://…`";
                Err(format!("{advice}, not `{scheme}:`").into())
            }
        }
    }

    /// What opens the store of the jobs in it.
    #[must_use]
    pub fn opener(&self) -> Arc<dyn Opener> {
        match self {
            Self::Sqlite(_) => Arc::new(job_store_sqlite::Opener),
            Self::Postgres { .. } => Arc::new(job_store_pg::Opener),
        }
    }

    /// The same, with the example's own tables in it. Those of the jobs must be there: some of ours refer to them.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn set_up(self) -> Result<Self, Error> {
        self.with(schema::create).await?;
        Ok(self)
    }

    /// Does `work` on a connection, on a thread where it may block. Once begun it is done, even if nobody waits for it
    /// any more.
    ///
    /// # Errors
    ///
    /// What `work` fails with, and what the database says.
    pub async fn with<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce(&mut Connection<'_>) -> Result<T, Error> + Send + 'static,
    {
        match self {
            Self::Sqlite(path) => {
                let path = path.clone();
                // Opening one takes less than a millisecond, so nobody has to share them.
                spawn_blocking(move || {
                    let mut conn = SqliteConnection::establish(&path)?;
                    job_store_sqlite::prepare(&mut conn)?;
                    work(&mut Connection::Sqlite(&mut conn))
                })
                .await?
            }
            Self::Postgres { pool, runtime } => {
                let pool = pool.clone();
                let task = runtime.spawn(async move {
                    let conn = timeout(PATIENCE, pool.get()).await.map_err(|_| Error::Busy)??;
                    spawn_blocking(move || work(&mut Connection::Postgres(&mut conn.into()))).await?
                });
                task.await?
            }
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres { pool, .. } => f.debug_tuple("Postgres").field(&pool.status()).finish(),
        }
    }
}

fn file(path: &str) -> Result<Database, BoxError> {
    // As the store reads it, and absolute, so that nothing in it has a meaning to SQLite.
    let path = match path.strip_prefix("//").unwrap_or(path) {
        "" => "jobs.sqlite3",
        path => path,
    };
    let path = absolute(path)?.into_os_string().into_string();
    let path = path.map_err(|path| format!("the path {} is not UTF-8", path.display()))?;
    Ok(Database::Sqlite(path.into()))
}

fn server(url: &str) -> Result<Database, BoxError> {
    let options = PgOptions::new(url)?;
    only_jobs(url)?;
    let mut config = ManagerConfig::default();
    // To the same server, and secured as the store's own are.
    config.custom_setup = Box::new(move |_| Box::pin(connect(options.clone())));
    let manager = AsyncDieselConnectionManager::new_with_config(url, config);
    let pool = Pool::builder(manager).max_size(CONNECTIONS).build()?;
    Ok(Database::Postgres { pool, runtime: Handle::try_current()? })
}

/// Like one of SQLite's, it waits 5 s for whoever holds a row.
async fn connect(options: PgOptions) -> ConnectionResult<AsyncPgConnection> {
    let mut conn = options.establish().await?;
    let set = conn.batch_execute("SET lock_timeout = '5s'").await;
    set.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// Refuses another schema than the one that the example's own tables refer to.
fn only_jobs(url: &str) -> Result<(), BoxError> {
    let query = url.split_once('?').map_or("", |it| it.1);
    match query.split('&').find_map(|it| it.strip_prefix("schema=")) {
        None | Some("jobs") => Ok(()),
        Some(name) => Err(format!("the example keeps its jobs in the schema `jobs`, not in `{name}`").into()),
    }
}

//! The connections of a store, lent to one call at a time.

use crate::{
    connection::{
        options::PgOptions,
        server::{ConnectError, Server},
        tls::Fault,
    },
    statement::schema::quoted,
};
use deadpool::managed::{Manager, Metrics, Object, PoolError, RecycleError, RecycleResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use job_core::store::StoreError;
use std::{
    error, fmt,
    ops::{Deref, DerefMut},
    time::Duration,
};
use tokio::time::{Instant, timeout, timeout_at};

/// A pool of connections.
#[derive(Clone)]
pub(crate) struct Pool {
    pool: deadpool::managed::Pool<Connector>,
}

/// Makes connections.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    pub(crate) server: Server,
    setup: String,
    deadline: Duration,
}

/// No connection could be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LendError {
    /// None is free in time, or the server cannot be reached.
    #[error(transparent)]
    Connect(#[from] StoreError),
    /// The server refuses our settings.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl Pool {
    /// A pool that connects as `options` say, when a connection is needed first.
    pub(crate) fn new(options: &PgOptions) -> Self {
        let connector = Connector::new(options);
        let most = usize::try_from(options.connections.get()).unwrap_or(usize::MAX);
        let built = deadpool::managed::Pool::builder(connector).max_size(most).build();
        // It only fails for time-outs without a runtime, and there are none.
        Self { pool: built.unwrap_or_else(|error| unreachable!("{error}")) }
    }

    /// A connection, at the latest by `deadline`.
    pub(crate) async fn lend(&self, deadline: Instant) -> Result<Lent, LendError> {
        match timeout_at(deadline, self.pool.get()).await {
            Ok(Ok(object)) => Ok(Lent { object: Some(object) }),
            Ok(Err(PoolError::Backend(error))) => Err(error),
            Ok(Err(error)) => Err(unavailable(error)),
            Err(_) => Err(unavailable(format!(
                "no connection was free in time: all {} are in use, or the server does not answer",
                self.pool.status().max_size
            ))),
        }
    }

    /// Where its connections lead.
    pub(crate) fn server(&self) -> &Server {
        &self.pool.manager().server
    }

    /// Closes the connections that nobody uses.
    pub(crate) fn forget_idle(&self) {
        self.pool.retain(|_, _| false);
    }

    /// How many connections are open, and how many of these are free.
    pub(crate) fn status(&self) -> (usize, usize) {
        let status = self.pool.status();
        (status.size, status.available)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("status", &self.pool.status()).finish_non_exhaustive()
    }
}

fn unavailable(error: impl Into<job_core::BoxError>) -> LendError {
    LendError::Connect(StoreError::Unavailable(error.into()))
}

impl Connector {
    pub(crate) fn new(options: &PgOptions) -> Self {
        Self { server: options.server.named(), setup: setup(options), deadline: options.deadline }
    }

    /// A new connection, on which statements may last.
    pub(crate) async fn connect_for_long(&self) -> Result<AsyncPgConnection, LendError> {
        let mut conn = self.connect().await?;
        if !self.setup.is_empty() {
            conn.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
        }
        Ok(conn)
    }

    /// A new connection with our settings. One that a server takes and does not answer on is given up in time.
    pub(crate) async fn connect(&self) -> Result<AsyncPgConnection, LendError> {
        match timeout(self.deadline, self.set_up()).await {
            Ok(result) => result,
            Err(_) => Err(unavailable(format!(
                "the server takes connections, but has not answered on this one for {:?}",
                self.deadline
            ))),
        }
    }

    async fn set_up(&self) -> Result<AsyncPgConnection, LendError> {
        let mut conn = connect(&self.server).await?;
        if !self.setup.is_empty() {
            conn.batch_execute(&self.setup).await?;
            // Its error must not spoil the other settings: only some may set it, and most servers speak English anyway.
            let _ = conn.batch_execute("SET lc_messages = 'C'").await;
        }
        Ok(conn)
    }
}

/// A new connection as the server gives it.
pub(crate) async fn connect(server: &Server) -> Result<AsyncPgConnection, StoreError> {
    let (client, connection) = server.connect().await.map_err(refused)?;
    let made = AsyncPgConnection::try_from_client_and_connection(client, connection).await;
    made.map_err(|error| StoreError::Unavailable(error.into()))
}

/// A server that refuses our name, password or certificate, or whose own we refuse, will do so again.
fn refused(error: ConnectError) -> StoreError {
    let error = match error {
        ConnectError::Driver(error) => error,
        error => return StoreError::Other(error.into()),
    };
    let code = error.code().map(|it| it.code().to_owned()).unwrap_or_default();
    match code.get(..2) {
        Some("28" | "42") => StoreError::Denied(error.into()),
        Some("3D") => StoreError::Schema(error.into()),
        _ if wants_password(&error) => StoreError::Denied(error.into()),
        _ if Fault::of(&error).is_some_and(|it| it.lasts()) => StoreError::Denied(error.into()),
        _ => StoreError::Unavailable(error.into()),
    }
}

/// Whether the server asks for a password, and there is none to give. The driver has no code for it.
pub(crate) fn wants_password(error: &tokio_postgres::Error) -> bool {
    error::Error::source(error).is_some_and(|it| it.to_string() == "password missing")
}

/// What each connection is told first. A plan made once serves every call, and a table that was empty when it was made
/// gets no sequential scan for ever; no statement, lock or forgotten transaction lasts for ever.
fn setup(options: &PgOptions) -> String {
    if options.pooler {
        return String::new();
    }
    let statement = options.deadline.mul_f32(0.9).as_millis().max(1);
    let mut setup = format!(
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off; \
         SET statement_timeout = {statement}; SET lock_timeout = '1s'; \
         SET idle_in_transaction_session_timeout = {statement};"
    );
    if let Some(role) = &options.role {
        setup.push_str(&format!(" SET ROLE {};", quoted(role)));
    }
    setup
}

impl Manager for Connector {
    type Type = AsyncPgConnection;
    type Error = LendError;

    async fn create(&self) -> Result<AsyncPgConnection, LendError> {
        self.connect().await
    }

    /// No ping: it would double the round trips of every call. One that ended is noticed by the call, which is made
    /// again.
    async fn recycle(&self, _: &mut AsyncPgConnection, metrics: &Metrics) -> RecycleResult<LendError> {
        if metrics.age() > Duration::from_secs(3600) {
            return Err(RecycleError::message("its plans and caches are old"));
        }
        Ok(())
    }
}

/// A connection in use. It goes back to the pool when it is dropped.
pub(crate) struct Lent {
    object: Option<Object<Connector>>,
}

impl Lent {
    /// Closes the connection; the pool makes a new one when it needs one.
    pub(crate) fn discard(&mut self) {
        if let Some(object) = self.object.take() {
            drop(Object::take(object));
        }
    }
}

impl Deref for Lent {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        self.object.as_deref().unwrap_or_else(|| unreachable!("it is discarded last"))
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.object.as_deref_mut().unwrap_or_else(|| unreachable!("it is discarded last"))
    }
}

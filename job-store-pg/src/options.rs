//! How to connect.

use crate::schema::{Schema, SchemaError};
use std::{num::NonZeroU32, time::Duration};
use tokio_postgres::Config;

/// How a [`PgStore`](crate::PgStore) connects, and how it behaves.
#[derive(Clone, Debug)]
pub struct PgOptions {
    pub(crate) config: Config,
    pub(crate) schema: Schema,
    pub(crate) role: Option<String>,
    pub(crate) connections: NonZeroU32,
    pub(crate) deadline: Duration,
    pub(crate) pooler: bool,
}

impl PgOptions {
    /// Of a URL (`postgres://…`) or of libpq's `key=value` words.
    ///
    /// # Errors
    ///
    /// [`UrlError`] if it is neither. It does not repeat the text, which may hold a password.
    pub fn new(url: &str) -> Result<Self, UrlError> {
        let mut config: Config = url.parse().map_err(|source| UrlError { source })?;
        if config.get_application_name().is_none() {
            config.application_name("job-store-pg");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        // A server that vanished without a word is noticed within half a minute.
        config.keepalives_idle(Duration::from_secs(10)).tcp_user_timeout(Duration::from_secs(30));
        Ok(Self {
            config,
            schema: Schema::default(),
            role: None,
            connections: NonZeroU32::MIN.saturating_add(3),
            deadline: Duration::from_secs(30),
            pooler: false,
        })
    }

    /// The schema that the tables live in; `jobs` if not said.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] if there can be no schema of this name.
    pub fn schema(self, name: &str) -> Result<Self, SchemaError> {
        Ok(Self { schema: Schema::new(name)?, ..self })
    }

    /// The database role that connections take after they connected; the one that connected if not said.
    #[must_use]
    pub fn role(self, role: impl Into<String>) -> Self {
        Self { role: Some(role.into()), ..self }
    }

    /// The most connections for calls; 4 if not said. The one that listens comes on top.
    #[must_use]
    pub fn connections(self, most: NonZeroU32) -> Self {
        Self { connections: most, ..self }
    }

    /// How long a call may take, with all its tries; 30 s if not said.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Whether a connection pooler in transaction mode stands in between: then connections keep no settings of their
    /// own, and no role can be taken. `ALTER ROLE … SET plan_cache_mode = force_generic_plan` does the same for all.
    #[must_use]
    pub fn pooler(self, pooler: bool) -> Self {
        Self { pooler, ..self }
    }
}

/// The text is no way to connect to PostgreSQL.
#[derive(Debug, thiserror::Error)]
#[error("this is no PostgreSQL URL; write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
pub struct UrlError {
    source: tokio_postgres::Error,
}

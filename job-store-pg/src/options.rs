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
    pub(crate) notify: bool,
    pub(crate) roles: bool,
}

impl PgOptions {
    /// Of a URL, `postgres://…`. Behind its `?` it may have `schema=NAME`, `notify=false`, `roles=false` and `pooler=true`,
    /// which stand for the methods of these names.
    ///
    /// # Errors
    ///
    /// [`UrlError`] if it is none. It does not repeat the text, which may hold a password.
    pub fn new(url: &str) -> Result<Self, UrlError> {
        let (url, ours) = split(url);
        let mut config: Config = url.parse().map_err(UrlError::Url)?;
        if config.get_application_name().is_none() {
            config.application_name("job-store-pg");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        // A server that vanished without a word is noticed within half a minute.
        config.keepalives_idle(Duration::from_secs(10)).tcp_user_timeout(Duration::from_secs(30));
        let options = Self {
            config,
            schema: Schema::default(),
            role: None,
            connections: NonZeroU32::MIN.saturating_add(3),
            deadline: Duration::from_secs(30),
            pooler: false,
            notify: true,
            roles: true,
        };
        ours.into_iter().try_fold(options, |options, (key, value)| options.with(&key, &value))
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

    /// Whether a connection pooler in transaction mode stands in between, such as PgBouncer from 1.21 with
    /// `max_prepared_statements`: then connections keep no settings of their own, and no role can be taken.
    /// `ALTER ROLE … SET plan_cache_mode = force_generic_plan` does the same for all.
    #[must_use]
    pub fn pooler(self, pooler: bool) -> Self {
        Self { pooler, ..self }
    }

    /// Whether runners are told of new jobs by NOTIFY and hear of them by LISTEN; yes if not said. Without it they look
    /// once a second all the same.
    #[must_use]
    pub fn notify(self, notify: bool) -> Self {
        Self { notify, ..self }
    }

    /// Whether a migration makes the group roles `SCHEMA_producer`, `…_worker`, `…_operator` and `…_viewer`; yes if not
    /// said.
    #[must_use]
    pub fn roles(self, roles: bool) -> Self {
        Self { roles, ..self }
    }

    fn with(self, key: &str, value: &str) -> Result<Self, UrlError> {
        let on = match value {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        match (key, on) {
            ("schema", _) => Ok(self.schema(value)?),
            ("notify", Some(on)) => Ok(self.notify(on)),
            ("roles", Some(on)) => Ok(self.roles(on)),
            ("pooler", Some(on)) => Ok(self.pooler(on)),
            _ => Err(UrlError::Flag { key: key.to_owned() }),
        }
    }
}

/// The URL that the driver knows, and what is ours.
fn split(url: &str) -> (String, Vec<(String, String)>) {
    const OURS: [&str; 4] = ["schema", "notify", "roles", "pooler"];
    let Some((base, query)) = url.rsplit_once('?') else { return (url.to_owned(), Vec::new()) };
    let pair = |it: &str| it.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    let (ours, theirs): (Vec<&str>, Vec<&str>) =
        query.split('&').partition(|it| OURS.contains(&it.split('=').next().unwrap_or_default()));
    let url = if theirs.is_empty() { base.to_owned() } else { format!("{base}?{}", theirs.join("&")) };
    (url, ours.into_iter().filter_map(pair).collect())
}

/// The text is no way to connect to PostgreSQL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It is no URL, or the driver does not know a part of it.
    #[error("this is no PostgreSQL URL; write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Url(#[source] tokio_postgres::Error),
    /// There can be no schema of the name in it.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A switch in it is neither on nor off.
    #[error("`{key}` in the URL is neither true nor false")]
    Flag {
        /// The switch.
        key: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours_in_a_url_is_not_the_drivers() {
        let options =
            PgOptions::new("postgres://u@h/db?schema=x&connect_timeout=3&notify=false&pooler=true").unwrap();
        assert_eq!(options.schema.name(), "x");
        assert_eq!((options.notify, options.roles, options.pooler), (false, true, true));
        assert_eq!(options.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
    }

    #[test]
    fn a_wrong_url_is_refused_without_its_password() {
        for url in ["postgres://u:secret@h:port/db", "postgres://u:secret@h/db?pooler=perhaps", "u:secret"] {
            let error = PgOptions::new(url).unwrap_err();
            let text = job_core::Text::of_error(&error).to_string();
            assert!(!text.contains("secret"), "{text}");
        }
    }
}

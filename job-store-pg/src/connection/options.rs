//! How to connect.

use crate::{
    connection::{
        advice::advice,
        open::without_password,
        pool,
        server::Server,
        tls::{KEYS, Tls},
    },
    statement::schema::{Schema, SchemaError},
};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use percent_encoding::percent_decode_str;
use std::{error::Error as _, num::NonZeroU32, time::Duration};
use tokio_postgres::Config;

/// How a [`PgStore`](crate::PgStore) connects, and how it behaves.
#[derive(Clone, Debug)]
pub struct PgOptions {
    /// The URL, without a password.
    pub(crate) shown: String,
    pub(crate) server: Server,
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
    /// which stand for the methods of these names; what else it may have is libpq's, with TLS as the
    /// [crate](crate#encryption) says. Files are read when a connection is opened.
    ///
    /// # Errors
    ///
    /// [`UrlError`] if it is none, or what it says makes no sense. It does not repeat the text, which may hold a password.
    pub fn new(url: &str) -> Result<Self, UrlError> {
        let shown = without_password(url);
        let (url, known) = split(url)?;
        let mut config: Config = url.parse().map_err(refuse)?;
        let (tls, ours): (Vec<_>, Vec<_>) = known.into_iter().partition(|it| KEYS.contains(&it.0.as_str()));
        let tls = Tls::new(&tls, &config)?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        notice_silence(&mut config);
        let options = Self {
            shown,
            server: Server::new(config, tls),
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

    /// The schema that the tables live in; `jobs` by default.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] if there can be no schema of this name.
    pub fn schema(self, name: &str) -> Result<Self, SchemaError> {
        Ok(Self { schema: Schema::new(name)?, ..self })
    }

    /// The database role that connections take after they connected; the one that connected by default.
    #[must_use]
    pub fn role(self, role: impl Into<String>) -> Self {
        Self { role: Some(role.into()), ..self }
    }

    /// The most connections for calls; 4 by default. The one that listens comes on top.
    #[must_use]
    pub fn connections(self, most: NonZeroU32) -> Self {
        Self { connections: most, ..self }
    }

    /// How long a call may take, with all its tries; 30 s by default. A connection on which nothing comes for a third of it, or
    /// for ten seconds, is taken for dead before that, and the call made on another one.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Whether a connection pooler in transaction mode stands in between, such as PgBouncer from 1.21 with
    /// `max_prepared_statements`: then connections keep no settings of their own, and a [`role`](Self::role) is refused.
    /// `ALTER ROLE … SET plan_cache_mode = force_generic_plan` does the same for all.
    #[must_use]
    pub fn pooler(self, pooler: bool) -> Self {
        Self { pooler, ..self }
    }

    /// Whether runners are told of new jobs by NOTIFY and hear of them by LISTEN; yes by default. Without it they look
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

    /// A new connection for the application's own queries, such as those of its pool: to the server of the URL, secured as
    /// it says, with none of the store's settings and without its role.
    ///
    /// # Errors
    ///
    /// If there is none to be had; the text says what to do.
    pub async fn establish(&self) -> ConnectionResult<AsyncPgConnection> {
        let connected = pool::connect(&self.server).await;
        connected.map_err(|error| ConnectionError::BadConnection(advice(&error, self)))
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

/// What the URL does not say about it: a server that vanished without a word is noticed within some 20 s where nothing is said
/// to it, and within 8 s by what it does not acknowledge.
fn notice_silence(config: &mut Config) {
    let unsaid = Config::new();
    if config.get_keepalives_idle() == unsaid.get_keepalives_idle() {
        config.keepalives_idle(Duration::from_secs(10));
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(Duration::from_secs(3));
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(3);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(8));
    }
}

/// The URL that the driver knows, and what it does not, decoded.
fn split(url: &str) -> Result<(String, Vec<(String, String)>), UrlError> {
    const OURS: [&str; 4] = ["schema", "notify", "roles", "pooler"];
    let Some((base, query)) = url.rsplit_once('?') else { return Ok((url.to_owned(), Vec::new())) };
    let key = |it: &str| {
        let key = it.split('=').next().unwrap_or_default();
        percent_decode_str(key).decode_utf8_lossy().into_owned()
    };
    let is_ours = |key: &str| OURS.contains(&key) || KEYS.contains(&key);
    let (ours, theirs): (Vec<&str>, Vec<&str>) = query.split('&').partition(|it| is_ours(&key(it)));
    let url = if theirs.is_empty() { base.to_owned() } else { format!("{base}?{}", theirs.join("&")) };
    let pair = |it: &str| {
        let value = it.split_once('=').map_or("", |it| it.1);
        match percent_decode_str(value).decode_utf8() {
            Ok(value) => Ok((key(it), value.into_owned())),
            Err(_) => Err(UrlError::Encoding { key: key(it) }),
        }
    };
    Ok((url, ours.into_iter().map(pair).collect::<Result<_, _>>()?))
}

fn refuse(error: tokio_postgres::Error) -> UrlError {
    // The driver has no code for it. One that we know was not in a URL.
    let unknown = error.source().map(ToString::to_string).filter(|it| it.starts_with("unknown option"));
    match unknown {
        Some(option) if !KEYS.iter().any(|it| option.contains(&format!("`{it}`"))) => {
            UrlError::Unknown(error)
        }
        _ => UrlError::Url(error),
    }
}

/// The text is no way to connect to PostgreSQL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It is no URL, or the driver cannot read a part of it.
    #[error("this is no PostgreSQL URL; write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Url(#[source] tokio_postgres::Error),
    /// Nobody knows an option in it.
    #[error(
        "the URL has an option that is not known here; of libpq's for TLS there are sslmode, sslrootcert, sslcert, sslkey, \
         sslnegotiation and channel_binding"
    )]
    Unknown(#[source] tokio_postgres::Error),
    /// There can be no schema of the name in it.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A switch in it is neither on nor off.
    #[error("`{key}` in the URL is neither true nor false")]
    Flag {
        /// The switch.
        key: String,
    },
    /// An option in it is none of those that there are.
    #[error("`{key}` in the URL is none of {choices}")]
    Choice {
        /// The option.
        key: &'static str,
        /// What it may be.
        choices: &'static str,
    },
    /// Options in it contradict each other, or would be in vain.
    #[error("`{key}` in the URL does not fit the rest: {advice}")]
    Contradiction {
        /// The option.
        key: &'static str,
        /// What to say instead.
        advice: &'static str,
    },
    /// It asks for encryption, and this program was built without.
    #[error(
        "the URL asks for encryption, and this program was built without it: switch on the feature `tls` of job-store-pg, \
         or, where the network is trusted, say sslmode=disable"
    )]
    NoTls,
    /// An option in it is no UTF-8 once its `%` are resolved.
    #[error("`{key}` in the URL is no UTF-8")]
    Encoding {
        /// The option.
        key: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours_in_a_url_is_not_the_drivers() {
        let options =
            PgOptions::new("postgres://u@h/db?schema=x&connect_timeout=3&notify=false&pooler=tru%65")
                .unwrap();
        assert_eq!(options.schema.name(), "x");
        assert_eq!((options.notify, options.roles, options.pooler), (false, true, true));
        let config = options.server.config();
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(8)));
    }

    #[test]
    fn what_the_url_says_of_silence_holds() {
        let options = PgOptions::new("postgres://h/db?keepalives_idle=77&tcp_user_timeout=66").unwrap();
        let config = options.server.config();
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(77));
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(66)));
        assert_eq!(config.get_keepalives_interval(), Some(Duration::from_secs(3)));
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

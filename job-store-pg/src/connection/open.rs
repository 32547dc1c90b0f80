//! Opening by URL, and what to do when it fails.

use crate::{
    SCHEME,
    connection::{
        advice::advice,
        options::{PgOptions, UrlError},
    },
    store::PgStore,
    tables::migrate,
};
use async_trait::async_trait;
use job_core::store::{self, Admin, OpenError, Opened, Reopen, StoreError, StoreUrl};

/// Opens `postgres://USER:PASSWORD@HOST:PORT/DATABASE` and `postgresql://…`. The database must be there; the tables are
/// made or migrated if [`StoreUrl::create`] says so, and else must be those that this program expects.
///
/// The URL may say more behind a `?`: `schema=NAME`, `notify=false`, `roles=false` and `pooler=true` are described at
/// [`PgOptions`]; all else, such as `connect_timeout=5`, is libpq's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opener;

#[async_trait]
impl store::Opener for Opener {
    fn schemes(&self) -> &'static [&'static str] {
        &[SCHEME, "postgresql"]
    }

    async fn open(&self, url: &StoreUrl) -> Result<Opened, OpenError> {
        let no_url = |error: UrlError| OpenError {
            url: without_password(&url.url),
            advice: error.to_string(),
            source: error.into(),
        };
        let options = PgOptions::new(&url.url).map_err(no_url)?;
        let mut options = options.connections(url.connections);
        if let Some(role) = &url.role {
            options = options.role(role);
        }
        let open = async {
            let store = PgStore::connect(&options).await?;
            if url.create {
                store.migrate().await?;
            } else if store.schema_version().await? != migrate::VERSION {
                return Err(StoreError::Schema(Box::new(NoTables(options.schema.name().to_owned()))));
            }
            Ok(store.opened())
        };
        open.await.map_err(|error| refused(error, &options))
    }
}

/// Connects anew, by the same options: to the same schema, in the same role.
#[async_trait]
impl Reopen for PgStore {
    async fn reopen(&self) -> Result<Opened, OpenError> {
        let store = Self::connect(&self.options).await.map_err(|error| refused(error, &self.options))?;
        Ok(store.opened())
    }
}

fn refused(error: StoreError, options: &PgOptions) -> OpenError {
    OpenError { url: options.shown.clone(), advice: advice(&error, options), source: error.into() }
}

/// Who may not make the tables has to wait for somebody who does.
#[derive(Debug, thiserror::Error)]
#[error(
    "the schema {0} has no job tables of version {version} yet; run-jobs makes them",
    version = migrate::VERSION
)]
struct NoTables(String);

/// `url` with `…` in the place of a password.
pub(crate) fn without_password(url: &str) -> String {
    let (scheme, rest) =
        url.split_once("://").unwrap_or_else(|| url.split_once(':').unwrap_or(("postgres", url)));
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // The last @ ends the password, which may hold others.
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:…@{host}"),
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
    };
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let shown: Vec<&str> =
        query.split('&').map(|it| if it.starts_with("password=") { "password=…" } else { it }).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", shown.join("&")) };
    // A slash or question mark in a password that was not escaped may have led us astray.
    if tail.contains('@') {
        return format!("{scheme}://…");
    }
    format!("{scheme}://{authority}{path}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://u:secret@h:5432/db", "postgres://u:…@h:5432/db"),
            ("postgres://u:se@cret@h/db", "postgres://u:…@h/db"),
            ("postgres://u@h/db?password=secret&schema=x", "postgres://u@h/db?password=…&schema=x"),
            ("postgres://u:sec/ret@h/db", "postgres://…"),
            ("postgres://u:sec?ret@h/db", "postgres://…"),
            ("postgres://h/db", "postgres://h/db"),
            ("postgres:u:secret@h/db", "postgres://u:…@h/db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}

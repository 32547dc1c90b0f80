//! The server: where it is, how it is spoken to, and a connection to it.

use crate::connection::tls::{FileError, Inner, Stream, Tls, When, Witness, load};
use std::panic::resume_unwind;
use tokio::task::spawn_blocking;
use tokio_postgres::{
    CancelToken, Client, Config, Connection, Socket,
    config::{Host, SslMode},
    error::SqlState,
};

/// Where connections lead, as a URL says.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    config: Config,
    tls: Tls,
}

/// There is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// A file that the URL names is no good.
    #[error(transparent)]
    File(#[from] FileError),
    /// The server is not there, or refuses us, or we it.
    #[error(transparent)]
    Driver(#[from] tokio_postgres::Error),
}

impl Server {
    pub(crate) fn new(mut config: Config, mut tls: Tls) -> Self {
        // As in libpq: what does not leave the machine needs no encryption, and the server has none there.
        let stays = config.get_hostaddrs().is_empty() && config.get_hosts().iter().all(is_socket);
        if cfg!(not(feature = "tls")) || (stays && !config.get_hosts().is_empty()) {
            tls.when = When::Never;
        }
        // The driver begins no handshake with a server that has no name.
        if config.get_hosts().is_empty() {
            for address in config.get_hostaddrs().to_vec() {
                config.host(address.to_string());
            }
        }
        config.ssl_mode(match tls.when {
            When::Never | When::Refused => SslMode::Disable,
            When::Offered => SslMode::Prefer,
            When::Always => SslMode::Require,
        });
        Self { config, tls }
    }

    /// The same, for connections that the server shows as the store's, unless the URL gives them another name.
    pub(crate) fn named(&self) -> Self {
        let mut named = self.clone();
        if self.config.get_application_name().is_none() {
            named.config.application_name("job-store-pg");
        }
        named
    }

    /// Where it is, for the driver.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// How connections are secured.
    pub(crate) fn tls(&self) -> &Tls {
        &self.tls
    }

    /// A connection, and what drives it.
    pub(crate) async fn connect(&self) -> Result<(Client, Connection<Socket, Stream>), ConnectError> {
        let witness = Witness::of(self.load().await?);
        let first = match self.config.connect(witness.clone()).await {
            Ok(connected) => return Ok(connected),
            Err(error) => error,
        };
        // The other way, where libpq tries it too.
        let mode = match self.tls.when {
            When::Refused if first.as_db_error().is_some() => SslMode::Require,
            When::Offered if witness.saw_one() => SslMode::Disable,
            _ => return Err(first.into()),
        };
        tracing::debug!(error = %first, ?mode, "the server is tried the other way");
        let second = match self.config.clone().ssl_mode(mode).connect(witness).await {
            Ok(connected) => return Ok(connected),
            Err(error) => error,
        };
        // What the server answers to an encrypted request is about that. Else it is told why there is none, or, where the
        // plain one met something worse than that it was plain, what that was.
        let plain_tells = |plain: &tokio_postgres::Error| match plain.code() {
            Some(code) => mode == SslMode::Require || *code != SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            None => false,
        };
        let (encrypted, plain) = if mode == SslMode::Require { (second, first) } else { (first, second) };
        let tell_plain = encrypted.code().is_none() && plain_tells(&plain);
        Err(if tell_plain { plain } else { encrypted }.into())
    }

    /// Asks the server to cancel what runs on another connection.
    pub(crate) async fn cancel(&self, token: &CancelToken) -> Result<(), ConnectError> {
        Ok(token.cancel_query(self.load().await?).await?)
    }

    async fn load(&self) -> Result<Inner, FileError> {
        if !self.tls.reads_files() {
            return load(&self.tls);
        }
        let tls = self.tls.clone();
        // It is not cancelled but with the runtime that would wait for it.
        spawn_blocking(move || load(&tls)).await.unwrap_or_else(|it| resume_unwind(it.into_panic()))
    }
}

#[cfg(unix)]
fn is_socket(host: &Host) -> bool {
    matches!(host, Host::Unix(_))
}

#[cfg(not(unix))]
fn is_socket(_: &Host) -> bool {
    false
}

#[cfg(test)]
#[cfg(feature = "tls")]
mod tests {
    use super::*;
    use crate::connection::options::PgOptions;

    fn server(url: &str) -> Server {
        PgOptions::new(url).unwrap().server
    }

    #[test]
    fn the_driver_is_told_when_to_encrypt() {
        for (words, mode) in [
            ("sslmode=disable", SslMode::Disable),
            ("sslmode=allow", SslMode::Disable), // at first
            ("", SslMode::Prefer),
            ("sslmode=require", SslMode::Require),
            ("sslmode=verify-full", SslMode::Require),
        ] {
            assert_eq!(server(&format!("postgres://h/db?{words}")).config().get_ssl_mode(), mode, "{words}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn what_does_not_leave_the_machine_is_not_encrypted() {
        for (url, mode) in [
            ("postgres://%2Frun%2Fpostgresql/db?sslmode=verify-full", SslMode::Disable),
            ("postgres:///db?host=/run/postgresql&sslmode=require", SslMode::Disable),
            ("postgres://h,%2Frun%2Fpostgresql/db?sslmode=require", SslMode::Require),
            ("postgres://%2Frun/db?hostaddr=192.0.2.1&sslmode=require", SslMode::Require),
        ] {
            assert_eq!(server(url).config().get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn an_address_without_a_name_is_its_own_name() {
        let server = server("postgres:///db?hostaddr=192.0.2.1&sslmode=require");
        assert_eq!(server.config().get_hosts(), [Host::Tcp("192.0.2.1".to_owned())]);
    }
}

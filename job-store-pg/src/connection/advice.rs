//! What to do when a store cannot be opened.

use crate::connection::{
    options::PgOptions, pool::wants_password, pooler::Unfit, server::ConnectError, tls::Fault,
};
use job_core::{BoxError, Text, store::StoreError};
use tokio_postgres::error::SqlState;

/// What to do about `error`, which opening by `options` ended with.
pub(crate) fn advice(error: &StoreError, options: &PgOptions) -> String {
    let source = match error {
        StoreError::Unavailable(source)
        | StoreError::Denied(source)
        | StoreError::Schema(source)
        | StoreError::Other(source) => source,
        error => return Text::of_error(error).to_string(),
    };
    if let Some(advice) = of_connecting(source, options) {
        return advice;
    }
    match error {
        StoreError::Unavailable(_) => {
            "is the server running, and does it accept connections from here?".to_owned()
        }
        StoreError::Denied(_) => format!(
            "the schema {} is not this user's, or the role not theirs to take; \
             migrate as the owner first, then open it as one of its roles",
            options.schema.name()
        ),
        StoreError::Schema(_) => source.to_string(),
        StoreError::Other(_) if source.is::<Unfit>() || source.is::<ConnectError>() => source.to_string(),
        error => Text::of_error(error).to_string(),
    }
}

/// If the URL can lead nowhere, or the server is there and does not let us in.
fn of_connecting(source: &BoxError, options: &PgOptions) -> Option<String> {
    let config = options.server.config();
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Some(
            "the URL names no host; write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE".to_owned(),
        );
    }
    let error = source.downcast_ref::<tokio_postgres::Error>()?;
    if let Some(fault) = Fault::of(error) {
        return Some(fault.advice(options.server.tls()));
    }
    let user = config.get_user().unwrap_or_default();
    // The server's own default.
    let database = config.get_dbname().unwrap_or(user);
    if wants_password(error) {
        return Some(
            "the server wants a password, and the URL has none: postgres://USER:PASSWORD@HOST/DATABASE"
                .to_owned(),
        );
    }
    match error.code()? {
        it if *it == SqlState::INVALID_CATALOG_NAME => Some(format!(
            "there is no database {database} on that server; make it with `createdb {database}`, or name another"
        )),
        it if *it == SqlState::INVALID_PASSWORD => {
            Some(format!("the server does not take this password for the user {user}"))
        }
        it if *it == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Some(of_refusal(error, user)),
        _ => None,
    }
}

/// The server knows nobody such, or wants to be spoken to otherwise. Only its words tell.
fn of_refusal(error: &tokio_postgres::Error, user: &str) -> String {
    let said = error.as_db_error().map(|it| it.message()).unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|it| said.contains(it));
    if says(&["valid client certificate"]) {
        format!(
            "the server wants a certificate for the user {user}: name its files by sslcert=FILE and sslkey=FILE"
        )
    } else if says(&["certificate authentication failed"]) {
        format!(
            "the certificate in sslcert is not for the user {user}: its common name must be that, or pg_ident.conf lead \
             from it to that"
        )
    } else if says(&["no encryption", "SSL off"]) {
        format!(
            "the server does not let the user {user} in from here without encryption: say sslmode=require or more; or \
             there is no such user, or pg_hba.conf does not name it"
        )
    } else {
        format!(
            "the server does not let the user {user} in from here: there is no such user, or pg_hba.conf does not name it"
        )
    }
}

//! PostgreSQL for this workspace: throw-away clusters for tests and measurements, and one that stays for development.

#[cfg(unix)]
mod account;
#[cfg(unix)]
mod certificates;
#[cfg(unix)]
mod cluster;
#[cfg(unix)]
mod development;
#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod keeper;
#[cfg(unix)]
mod server;
mod servers;
#[cfg(unix)]
mod throw_away;

#[cfg(unix)]
pub(crate) use development::run;
#[cfg(not(unix))]
pub(crate) use elsewhere::run;
pub(crate) use servers::Servers;

#[cfg(not(unix))]
pub(crate) use elsewhere::{DURABLE, FLEETING, ThrowAway};
#[cfg(unix)]
pub(crate) use throw_away::{DURABLE, FLEETING, ThrowAway};

/// What to do on a machine that has no server.
pub(crate) const HOW_TO_INSTALL: &str = "install a PostgreSQL server (apt-get install postgresql, \
    dnf install postgresql-server, brew install postgresql) or set DATABASE_URL to one that runs";

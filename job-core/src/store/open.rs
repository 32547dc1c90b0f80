//! How a command line that knows no store crate opens one.

use super::{JobStore, Notes, Reopen, StoreError, Switches, Wake};
use crate::{BoxError, Clock, Timestamp};
use async_trait::async_trait;
use std::{fmt, num::NonZeroU32, sync::Arc};

/// Opens stores of one kind. Each store crate has one; a binary hands them to the runner's command line.
#[async_trait]
pub trait Opener: fmt::Debug + Send + Sync + 'static {
    /// The URL schemes it knows, such as `["sqlite"]`.
    fn schemes(&self) -> &'static [&'static str];

    /// Opens the store, on the runtime that uses it. A handle that only works while that runtime does says in
    /// [`Opened::again`] how others come to one.
    ///
    /// # Errors
    ///
    /// [`OpenError`]
    async fn open(&self, url: &StoreUrl) -> Result<Opened, OpenError>;
}

/// Where a store is, and how to connect. Its `Debug` shows no more of the URL than the scheme: there may be a password.
#[derive(Clone, Eq, PartialEq)]
pub struct StoreUrl {
    /// Such as `sqlite:jobs.sqlite3`.
    pub url: String,
    /// The database role to take, where the store has roles.
    pub role: Option<String>,
    /// The most connections, where the store has them.
    pub connections: NonZeroU32,
    /// Whether to make a store that is not there, and to bring its tables to the version that this program expects;
    /// else neither is done, and opening such a store fails. A store that lives in this process is always made.
    pub create: bool,
}

impl StoreUrl {
    /// `url`, in the role it names itself, with a few connections; made if it is not there.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), role: None, connections: NonZeroU32::MIN.saturating_add(3), create: true }
    }

    /// What stands before the first colon.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.url.split(':').next().unwrap_or_default()
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreUrl")
            .field("scheme", &self.scheme())
            .field("role", &self.role)
            .field("connections", &self.connections)
            .field("create", &self.create)
            .finish_non_exhaustive()
    }
}

/// An open store: one object seen through the traits it has.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its scheme: what a [`Completion`](crate::Completion) is checked against.
    pub scheme: &'static str,
    /// Its jobs.
    pub store: Arc<dyn JobStore>,
    /// Its notes.
    pub notes: Arc<dyn Notes>,
    /// Its switches.
    pub switches: Arc<dyn Switches>,
    /// Its wake-ups, if it has any.
    pub wake: Option<Arc<dyn Wake>>,
    /// Its tables, if it has any.
    pub admin: Option<Arc<dyn Admin>>,
    /// Whose time its calls go by: the store's own, but in tests.
    pub clock: Clock,
    /// How a runner's heart comes to a handle of its own, where this one only works while the runtime that opened it
    /// does. `None` if it can be used from every runtime, whatever others do: then the heart shares it.
    ///
    /// Whoever puts another in the place of `store` says that of its further handles too, as
    /// [`wrapped`](Self::wrapped) does.
    pub again: Option<Arc<dyn Reopen>>,
}

impl Opened {
    /// `store` by its own clock, without wake-ups and tables, to be used from every runtime.
    #[must_use]
    pub fn new<S: JobStore + Notes + Switches>(scheme: &'static str, store: Arc<S>) -> Self {
        Self {
            scheme,
            store: store.clone(),
            notes: store.clone(),
            switches: store,
            wake: None,
            admin: None,
            clock: Clock::Store,
            again: None,
        }
    }
}

/// Looks after a store's tables.
#[async_trait]
pub trait Admin: fmt::Debug + Send + Sync + 'static {
    /// Brings the tables to the version this program expects; nothing if they are. Safe when many start at once.
    ///
    /// # Errors
    ///
    /// [`StoreError::Schema`] if they are of a newer version than this program knows.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// The version of the tables; 0 if there are none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store broke.
    async fn schema_version(&self) -> Result<u32, StoreError>;

    /// What an operator should look at, in sentences.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store broke.
    async fn findings(&self) -> Result<Vec<String>, StoreError>;

    /// When the server of this store started, by its own clock; `None` if it has none. While a server was away nobody could
    /// renew a lease, so rescuers give the owners one more lease from then on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store broke.
    async fn server_started(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
}

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the job store {url}: {advice}")]
pub struct OpenError {
    /// The URL, without a password.
    pub url: String,
    /// What to do about it.
    pub advice: String,
    /// What went wrong.
    pub source: BoxError,
}

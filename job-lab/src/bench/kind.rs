//! The kinds of stores that are measured.

use super::{
    ceiling::Ceiling,
    ceiling_memory::MemoryCeiling,
    ceiling_postgres::{self, PostgresCeiling},
    ceiling_sqlite::SqliteCeiling,
    server::Room,
};
use job_core::{
    BoxError,
    store::{OpenError, Opened, Opener, StoreUrl},
};
use std::{path::Path, sync::Arc};

/// Where a store is, and who opens it.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Opens the store.
    opener: Arc<dyn Opener>,
    /// Names it.
    url: StoreUrl,
    /// Its schema, if it is in PostgreSQL.
    room: Option<Room>,
}

/// A kind of store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `job-store-mem`.
    Memory,
    /// `job-store-sqlite`.
    Sqlite,
    /// `job-store-pg`.
    Postgres,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Memory, Self::Sqlite, Self::Postgres];

    /// Its name in the figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

impl Site {
    /// A new, empty store in memory.
    pub(super) fn memory() -> Self {
        Self { opener: Arc::new(job_store_mem::Opener::new()), url: StoreUrl::new("memory:"), room: None }
    }

    /// A store in `folder`, which is made when it is opened.
    pub(super) fn sqlite(folder: &Path) -> Self {
        let file = folder.join("jobs.sqlite3");
        let url = StoreUrl::new(format!("sqlite:{}", file.display()));
        Self { opener: Arc::new(job_store_sqlite::Opener), url, room: None }
    }

    /// A store in a schema, which is made when it is opened. Group roles belong to the whole server, so it has none.
    pub(super) fn postgres(room: Room) -> Self {
        let glue = if room.url.contains('?') { '&' } else { '?' };
        let url = StoreUrl::new(format!("{}{glue}schema={}&roles=false", room.url, room.schema));
        Self { opener: Arc::new(job_store_pg::Opener), url, room: Some(room) }
    }

    /// Opens the store.
    pub(super) async fn open(&self) -> Result<Opened, OpenError> {
        self.opener.open(&self.url).await
    }

    /// How many runners drain the store alone: where each waits for a server, another can use the time.
    pub(super) fn drainers(&self) -> u32 {
        if self.room.is_some() { ceiling_postgres::DRAINERS } else { 1 }
    }

    /// Its schema.
    ///
    /// # Errors
    ///
    /// If it has none.
    pub(super) fn room(&self) -> Result<&Room, BoxError> {
        self.room
            .as_ref()
            .ok_or_else(|| "only a store in PostgreSQL has connections of the caller's own".into())
    }

    /// A new, empty ceiling in the place of the store.
    ///
    /// # Errors
    ///
    /// If it cannot be opened.
    pub(super) async fn ceiling(&self, folder: &Path) -> Result<Box<dyn Ceiling>, BoxError> {
        Ok(match (&self.room, self.url.scheme()) {
            (Some(room), _) => Box::new(PostgresCeiling::new(room).await?),
            (None, "memory") => Box::new(MemoryCeiling::default()),
            (None, _) => Box::new(SqliteCeiling::new(folder)?),
        })
    }
}

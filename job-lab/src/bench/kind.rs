//! The kinds of stores that are measured.

use super::{ceiling::Ceiling, ceiling_memory::MemoryCeiling, ceiling_sqlite::SqliteCeiling};
use job_core::{
    BoxError,
    store::{Opener, StoreUrl},
};
use std::{path::Path, sync::Arc};

/// Where a store is, and who opens it: once for the bench, and again for a runner's heart.
#[derive(Clone, Debug)]
pub struct Site {
    /// Opens the store.
    pub opener: Arc<dyn Opener>,
    /// Names it.
    pub url: StoreUrl,
}

/// A kind of store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `job-store-mem`.
    Memory,
    /// `job-store-sqlite`.
    Sqlite,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Memory, Self::Sqlite];

    /// Its name in the figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
        }
    }

    /// A new, empty store in `folder`.
    #[must_use]
    pub fn site(self, folder: &Path) -> Site {
        match self {
            Self::Memory => {
                Site { opener: Arc::new(job_store_mem::Opener::new()), url: StoreUrl::new("memory:") }
            }
            Self::Sqlite => {
                let file = folder.join("jobs.sqlite3");
                let url = StoreUrl::new(format!("sqlite:{}", file.display()));
                Site { opener: Arc::new(job_store_sqlite::Opener), url }
            }
        }
    }

    /// A new, empty ceiling in `folder`.
    ///
    /// # Errors
    ///
    /// If it cannot be opened.
    pub fn ceiling(self, folder: &Path) -> Result<Box<dyn Ceiling>, BoxError> {
        Ok(match self {
            Self::Memory => Box::new(MemoryCeiling::default()),
            Self::Sqlite => Box::new(SqliteCeiling::new(folder)?),
        })
    }
}

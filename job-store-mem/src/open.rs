//! Opens `memory:` for commands that do all their work in one process.

use crate::{SCHEME, store::MemStore};
use async_trait::async_trait;
use job_core::store::{self, OpenError, Opened, StoreUrl};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

/// Opens `memory:` and `memory:NAME`: the same store each time, for as long as this opener lives.
///
/// It begins empty and ends with the process, so it is for tests, demonstrations and measurements; commands
/// that operate on a store refuse it, for they would look at an empty one of their own. So [`StoreUrl::create`] is not
/// looked at: there is no store here that somebody else could have made before.
#[derive(Clone, Debug, Default)]
pub struct Opener {
    stores: Arc<Mutex<HashMap<String, MemStore>>>,
}

impl Opener {
    /// An opener of stores of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An opener whose `memory:` is `store`.
    #[must_use]
    pub fn of(store: &MemStore) -> Self {
        let opener = Self::new();
        opener.stores.lock().insert(format!("{SCHEME}:"), store.clone());
        opener
    }
}

#[async_trait]
impl store::Opener for Opener {
    fn schemes(&self) -> &'static [&'static str] {
        &[SCHEME]
    }

    async fn open(&self, url: &StoreUrl) -> Result<Opened, OpenError> {
        let mut stores = self.stores.lock();
        Ok(stores.entry(url.url.clone()).or_default().opened())
    }
}

//! The stores a program can open, by the schemes of their URLs.

use super::{args::Place, error::CommandError};
use crate::config::{Config, ConfigError, DEFAULT_STORE, FILE_NAME, no_url, scheme};
use job_core::store::{Opened, Opener, StoreUrl};
use std::{fs, sync::Arc};

/// What a program can open.
#[derive(Clone, Debug, Default)]
pub(super) struct Stores {
    openers: Vec<Arc<dyn Opener>>,
}

impl Stores {
    pub(super) fn add(&mut self, opener: impl Opener) {
        self.openers.push(Arc::new(opener));
    }

    /// Who opens `url`.
    pub(super) fn opener(&self, url: &str) -> Result<&Arc<dyn Opener>, CommandError> {
        let scheme = scheme(url).ok_or_else(|| CommandError::NoUrl(no_url(url)))?;
        if scheme == "memory" {
            return Err(CommandError::Memory);
        }
        let opener = self.openers.iter().find(|it| it.schemes().contains(&scheme));
        opener.ok_or_else(|| {
            let known = self.openers.iter().flat_map(|it| it.schemes()).map(|it| format!("`{it}:`"));
            let known = known.filter(|it| it != "`memory:`").collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "none at all".to_owned() } else { known };
            CommandError::UnknownScheme { scheme: scheme.to_owned(), known }
        })
    }

    /// Opens the store that `place` names, or its configuration, to look after its jobs. None is made: a store with a
    /// misspelt name would look like one without jobs.
    pub(super) async fn open(&self, place: &Place) -> Result<Opened, CommandError> {
        let url = StoreUrl { create: false, ..StoreUrl::new(url_of(place)?) };
        Ok(self.opener(&url.url)?.open(&url).await?)
    }
}

/// The store for a command that needs no section.
fn url_of(place: &Place) -> Result<String, CommandError> {
    if let Some(url) = &place.store {
        return Ok(url.clone());
    }
    match Config::find(place.config.as_deref()) {
        Ok(config) => Ok(config.store().to_owned()),
        // Only if it is there: looking at jobs in the wrong folder should make no store.
        Err(ConfigError::NotFound { .. }) if default_exists() => Ok(DEFAULT_STORE.to_owned()),
        Err(error @ ConfigError::NotFound { .. }) => {
            let advice = format!(
                "Go where {FILE_NAME} is, name it by --config, or name the store by --store {DEFAULT_STORE}"
            );
            Err(CommandError::NoConfig { problem: error.to_string(), advice })
        }
        Err(error) => Err(error.into()),
    }
}

fn default_exists() -> bool {
    let path = DEFAULT_STORE.split_once(':').map_or(DEFAULT_STORE, |(_, path)| path);
    fs::exists(path).unwrap_or(false)
}

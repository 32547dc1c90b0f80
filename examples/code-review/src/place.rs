//! Where the proposals and their jobs are.

use job_core::store::StoreUrl;
use job_runner::config::{Config, ConfigError};
use std::path::PathBuf;

/// Which configuration and which store, as typed.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Place {
    #[arg(
        help = "The configuration; else $JOBS_CONFIG, or the nearest jobs.toml here or above",
        long,
        value_name = "FILE"
    )]
    config: Option<PathBuf>,
    /// The store, sqlite:PATH or postgres://…; else the configuration's
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

impl Place {
    /// The configuration.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        Config::find(self.config.as_deref())
    }

    /// The store.
    pub(crate) fn url(&self) -> Result<StoreUrl, ConfigError> {
        Ok(StoreUrl::new(match &self.store {
            Some(url) => url.clone(),
            None => self.config()?.store().to_owned(),
        }))
    }
}

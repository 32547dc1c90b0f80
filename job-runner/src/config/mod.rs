//! The configuration: which sections there are, what each runs and how, and where the store is.
//!
//! It is a TOML file, by default `jobs.toml` in the current folder or one above it:
//!
//! ```toml
//! store = "sqlite:jobs.sqlite3"              # a relative path starts at this file's folder
//!
//! [section.code-review]
//! types = ["generate-diff", "proposal-heat"] # required: what it runs
//! concurrency = 4                            # jobs at once
//! queue_limits = { slow = 1 }                # jobs at once that come from this queue
//! queues = ["slow"]                          # beside the queues of its types
//! group = "main"                             # for `run-jobs --group main`
//! lease = "30s"                              # how long a silent runner keeps its jobs
//! beat = "10s"                               # how often it renews them; a third of the lease by default
//! grace = "30s"                              # how long running jobs may take to end at a signal
//! delete_completed = false                   # whether a completed job leaves no row
//! crash_limit = 5                            # how often a job may lose its runner
//! threads = 4                                # that handlers run on; as many as jobs at once by default
//! zombie_limit = 4                           # handlers out of time whose slots are filled again
//! lease_doubt = "stop"                       # or "carry-on": while the store cannot be reached
//! reports = "reports"                        # a folder for error reports, beside the log
//! role = "reviewer"                          # the database role, where the store has roles
//! retention = "30d"                          # how long final jobs are kept; for ever by default
//!
//! # These only concern `run-jobs --worker`.
//! prefetch = 4                               # jobs claimed beyond free slots; as many as slots by default
//! poll = "1s"                                # how often it looks for work that it was not woken for
//! scan = "5s"                                # how often it looks for jobs whose runner was lost
//!
//! [section.heat]
//! link = "code-review"                       # all as there, under a name and a lock of its own
//! ```

mod duration;
mod error;
mod file;
mod limits;
mod link;
mod locate;
mod nearest;
mod pace;
mod place;
mod section;
mod select;
mod store;

pub(crate) use self::{
    duration::parse as duration,
    nearest::among,
    store::{DEFAULT_STORE, no_url, scheme},
};
pub use self::{error::ConfigError, locate::FILE_NAME, section::Section, select::Selection};

use self::{file::File, place::Places, store::store_url};
use job_core::SectionName;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A configuration that holds together: every section runs something, links lead to sections, leases outlast beats.
///
/// Whether a program knows the types is up to [`Section::check_types`], because several programs may share a file.
#[derive(Clone, Debug)]
pub struct Config {
    path: PathBuf,
    store: String,
    sections: BTreeMap<SectionName, Section>,
}

impl Config {
    /// The configuration in the file `named`; without one, in the file that the variable `JOBS_CONFIG` names; else in
    /// the nearest `jobs.toml`, looked for in the current folder and those above it.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], which reads as help.
    pub fn find(named: Option<&Path>) -> Result<Self, ConfigError> {
        Self::read(&locate::locate(named)?)
    }

    /// The configuration in the file at `path`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Unreadable`], and as [`parse`](Self::parse).
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        Self::parse(&text, &std::path::absolute(path).map_err(unreadable)?)
    }

    /// The configuration `text`, as the file at `path`: relative paths in it start at that file's folder.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Mistake`] with the line, the column and what to do.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let places = Places { text, path };
        let file: File = toml::from_str(text).map_err(|error| places.of_toml(&error))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let store = store_url(file.store.as_ref(), folder, &places)?;
        let sections = link::resolve(&file.section, folder, &places)?;
        Ok(Self { path: path.to_owned(), store, sections })
    }

    /// The file it stands in.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The URL of the store; `sqlite:` and `jobs.sqlite3` beside the file, if it says nothing.
    #[must_use]
    pub fn store(&self) -> &str {
        &self.store
    }

    /// All sections, sorted by name.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        self.sections.values()
    }

    /// The section with this name.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Unknown`], which lists those there are.
    pub fn section(&self, name: &str) -> Result<&Section, ConfigError> {
        self.sections().find(|it| it.name().as_str() == name).ok_or_else(|| {
            let names = self.sections().map(|it| it.name().as_str());
            ConfigError::unknown(self, "section", name, names)
        })
    }
}

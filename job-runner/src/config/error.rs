//! What can be wrong with a configuration, in words that say what to do.

use super::{Config, FILE_NAME, nearest::among};
use std::{io, path::PathBuf};

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// None was named, and none was found.
    #[error("there is no {FILE_NAME} in {} or a folder above it", .from.display())]
    NotFound {
        /// Where the search began.
        from: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Something in the file is wrong.
    #[error("{}:{line}:{column}: {problem}", .path.display())]
    Mistake {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The character in the line, from 1.
        column: usize,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A section or group was asked for that the file does not have.
    #[error("{} has no {what} `{name}`; {advice}", .path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// `section` or `group`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// Those there are, and the nearest.
        advice: String,
    },
}

impl ConfigError {
    pub(super) fn unknown<'a>(
        config: &Config,
        what: &'static str,
        name: &str,
        known: impl Iterator<Item = &'a str>,
    ) -> Self {
        let advice = among(&format!("{what}s"), name, known);
        Self::Unknown { path: config.path().to_owned(), what, name: name.to_owned(), advice }
    }
}

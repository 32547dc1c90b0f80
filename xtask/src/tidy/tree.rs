//! The files of a repository, in memory: all that git tracks or would add.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

/// Texts by path; paths are relative to the root, with `/` between folders.
pub(crate) struct Tree {
    /// `None` for what is no text: it exists, and nothing reads it.
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads the tracked and the not ignored files under `root`, as they are in the working tree.
    ///
    /// # Errors
    ///
    /// If git is missing, refuses, or a file cannot be read.
    pub(crate) fn read(root: &Path) -> Result<Self, Box<dyn Error>> {
        let listed = Command::new("git")
            // Git distrusts a clone that another user owns (CI often is one); cargo has run code from it already.
            .args(["-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .current_dir(root)
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("tidy asks git for the files, and git does not start: {error}"))?;
        if !listed.status.success() {
            return Err("tidy asks git for the files, and git refused; run it in a clone".into());
        }
        let mut files = BTreeMap::new();
        for path in String::from_utf8(listed.stdout)?.split_terminator('\0') {
            match fs::read(root.join(path)) {
                Ok(bytes) => {
                    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
                    files.insert(path.to_owned(), text);
                }
                // Tracked, but deleted, or a link to a folder.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {}
                Err(error) => return Err(format!("tidy cannot read {path}: {error}").into()),
            }
        }
        Ok(Self { files })
    }

    /// How many files there are.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// All texts with their paths, sorted by path.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// The texts whose path ends so.
    pub(crate) fn texts_ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts().filter(move |(path, _)| path.ends_with(end))
    }

    /// The text at exactly this path.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether a file is at this path, or under it.
    pub(crate) fn holds(&self, path: &str) -> bool {
        let under = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.files.keys().any(|file| file.starts_with(&under))
    }

    /// A tree of these texts by path, for tests.
    #[cfg(test)]
    pub(crate) fn of<P: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        Self { files: files.into_iter().map(|(path, text)| (path.into(), Some(text.into()))).collect() }
    }
}

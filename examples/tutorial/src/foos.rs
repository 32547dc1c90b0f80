//! Foos: files in a folder, each with a word that says where it is.

use std::{fs, io, path::PathBuf};

/// The foos in a folder. The context of their jobs.
#[derive(Clone, Debug)]
pub struct Foos {
    folder: PathBuf,
}

impl Foos {
    /// Those in `folder`.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The word of a foo; `None` if there is no such foo.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn word(&self, foo: u64) -> io::Result<Option<String>> {
        match fs::read_to_string(self.file(foo)) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the word of a foo.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn write(&self, foo: u64, word: &str) -> io::Result<()> {
        fs::write(self.file(foo), format!("{word}\n"))
    }

    fn file(&self, foo: u64) -> PathBuf {
        self.folder.join(foo.to_string())
    }
}

//! What to do about a file that cannot be opened, and whether to try again.

use crate::connection::BUSY;
use job_core::{Text, store::StoreError};
use std::{
    fs::{File, OpenOptions},
    io::ErrorKind,
    path::Path,
};

/// In a sentence for whoever typed the path.
pub(crate) fn advice(error: &StoreError, path: &Path) -> String {
    let folder = folder(path);
    let (file, folder_name) = (path.display(), folder.display());
    match error {
        _ if !folder.is_dir() => {
            format!("there is no directory {folder_name}; make it, or name a file elsewhere")
        }
        _ if path.is_dir() => format!("{file} is a directory; name a file in it"),
        StoreError::Schema(source) => format!("{source}"),
        StoreError::Unavailable(_) | StoreError::Denied(_) if is_refused(path) => {
            format!("{file} or the directory {folder_name} is read-only for this user; SQLite writes to both")
        }
        StoreError::Denied(_) => format!("{file} is read-only; open it where it may be written"),
        StoreError::Unavailable(source) if Text::of_error(&**source).as_str().contains("locked") => format!(
            "another program has held {file} locked for more than {} s; end its transaction, then try again",
            BUSY.as_secs()
        ),
        StoreError::Unavailable(_) => {
            format!(
                "SQLite cannot open {file} or make files in {folder_name}; is one of them read-only for this user?"
            )
        }
        StoreError::Other(source) if source.to_string().contains("not a database") => {
            format!("{file} is a file, but no SQLite database; name another one")
        }
        StoreError::Other(source) if source.to_string().contains("malformed") => {
            format!("{file} is damaged; take a backup, or save what can be read with sqlite3's .recover")
        }
        error => Text::of_error(error).to_string(),
    }
}

/// The error of opening `path`, by what the caller can do: SQLite has the same words for a file that is never there
/// and for a process that is out of files just now.
pub(crate) fn lasting(error: StoreError, path: &Path) -> StoreError {
    match error {
        StoreError::Unavailable(source) if source.to_string().contains("unable to open") => {
            let folder = folder(path);
            if !folder.is_dir() || path.is_dir() {
                StoreError::Other(source)
            } else if File::open(folder).is_err_and(|it| it.kind() != ErrorKind::PermissionDenied) {
                StoreError::Unavailable(source)
            } else {
                StoreError::Denied(source)
            }
        }
        error => error,
    }
}

/// Where a file is, or would be made.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether the file, or the directory it would be made in, may not be written. Nothing is made.
fn is_refused(path: &Path) -> bool {
    let denied =
        |it: std::io::Error| matches!(it.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem);
    OpenOptions::new().append(true).open(path).is_err_and(denied)
}

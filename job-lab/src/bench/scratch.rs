//! Where the measured files live: a temporary folder on a real disk, gone when the bench ends.

use job_core::BoxError;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A temporary folder, removed when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// A new folder in `TMPDIR`.
    ///
    /// # Errors
    ///
    /// If it cannot be made, with what to do about it.
    pub fn new() -> Result<Self, BoxError> {
        let advice = |error| format!("cannot make a folder, set TMPDIR to one on a disk: {error}");
        Ok(Self { folder: TempDir::with_prefix("job-lab-").map_err(advice)? })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// An advice if what is written here is not written to a disk, so that durable figures would be a lie.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
        let real = self.path().canonicalize().ok()?;
        let kind = file_system(&mounts, &real)?;
        matches!(kind, "tmpfs" | "ramfs").then(|| {
            format!(
                "{} is in memory ({kind}), so no insert waits for a disk; set TMPDIR",
                self.path().display()
            )
        })
    }
}

/// The kind of the file system that holds `path`, by a table of mounts.
fn file_system<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((PathBuf::from(words.next()?), words.next()?))
    });
    // The deepest mount holds it, and of two at one place the later.
    let holding = mounts.filter(|(place, _)| path.starts_with(place));
    holding.max_by_key(|(place, _)| place.components().count()).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/disk xfs rw 0 0\n";

    #[test]
    fn a_path_is_of_the_deepest_mount_that_holds_it() {
        let kind = |path: &str| file_system(MOUNTS, Path::new(path));
        assert_eq!(kind("/tmp/x"), Some("tmpfs"));
        assert_eq!(kind("/tmp/disk/x"), Some("xfs"));
        assert_eq!(kind("/tmpfiles"), Some("ext4"));
    }

    #[test]
    fn the_folder_and_all_in_it_go_at_the_end() {
        let scratch = Scratch::new().unwrap();
        let path = scratch.path().to_owned();
        fs::write(scratch.path().join("jobs.sqlite3"), "x").unwrap();
        drop(scratch);
        assert!(!path.exists());
    }
}

//! Where the configuration is.

use super::ConfigError;
use std::{
    env,
    path::{Path, PathBuf},
};

/// The name that is looked for.
pub const FILE_NAME: &str = "jobs.toml";

/// The environment variable that names another file.
const VARIABLE: &str = "JOBS_CONFIG";

pub(super) fn locate(named: Option<&Path>) -> Result<PathBuf, ConfigError> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    if let Some(path) = env::var_os(VARIABLE).filter(|it| !it.is_empty()) {
        return Ok(path.into());
    }
    let here = env::current_dir()
        .map_err(|source| ConfigError::Unreadable { path: PathBuf::from(FILE_NAME), source })?;
    upwards(&here).ok_or(ConfigError::NotFound { from: here })
}

/// The file in `from` or the nearest folder above it that has one.
fn upwards(from: &Path) -> Option<PathBuf> {
    from.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_nearest_file_above_is_found() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b/c");
        fs::create_dir_all(&deep).unwrap();
        fs::write(root.path().join("jobs.toml"), "").unwrap();
        assert_eq!(upwards(&deep), Some(root.path().join("jobs.toml")));
        fs::write(root.path().join("a/b/jobs.toml"), "").unwrap();
        assert_eq!(upwards(&deep), Some(root.path().join("a/b/jobs.toml")));
    }

    #[test]
    fn a_folder_of_that_name_is_no_configuration() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/jobs.toml")).unwrap();
        fs::write(root.path().join("jobs.toml"), "").unwrap();
        assert_eq!(upwards(&root.path().join("a")), Some(root.path().join("jobs.toml")));
    }
}

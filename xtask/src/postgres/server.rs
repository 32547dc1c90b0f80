//! The programs of a PostgreSQL server, wherever this machine has them.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest release that the store supports.
const OLDEST: u32 = 13;

/// Where distributions put the programs of one release, with `*` for what differs between releases.
const FOLDERS: [&str; 5] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// One installed release.
#[derive(Debug)]
pub(super) struct Server {
    bin: PathBuf,
}

impl Server {
    /// The one that the user's PATH names, else that of `pg_config`, else the newest of the distribution's folders.
    pub(super) fn find() -> Option<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        let named = on_path(&path).into_iter().chain(of_pg_config());
        let mut installed: Vec<PathBuf> = FOLDERS.iter().flat_map(|pattern| expand(pattern)).collect();
        installed.sort_by_key(|bin| std::cmp::Reverse(release(bin)));
        let bin = named.chain(installed).find(|bin| release(bin) >= Some(OLDEST))?;
        Some(Self { bin })
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Whether it can load the library, which not every distribution packs with it.
    pub(super) fn has_library(&self, name: &str) -> bool {
        let folder =
            Command::new(self.program("pg_config")).arg("--pkglibdir").stderr(Stdio::null()).output();
        let folder = folder.ok().and_then(|it| String::from_utf8(it.stdout).ok()).unwrap_or_default();
        ["so", "dylib"].iter().any(|end| Path::new(folder.trim()).join(format!("{name}.{end}")).is_file())
    }
}

/// The folder that holds the server's programs, seen through the links that a PATH is made of.
fn on_path(path: &OsStr) -> Option<PathBuf> {
    let link = env::split_paths(path).map(|folder| folder.join("initdb")).find(|file| file.is_file())?;
    Some(link.canonicalize().ok()?.parent()?.to_owned())
}

fn of_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

/// The folders that a pattern with one `*` in one of its names stands for.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((head, rest)) = pattern.split_once('*') else { return vec![pattern.into()] };
    let (parent, prefix) = head.rsplit_once('/').unwrap_or((".", head));
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with(prefix))
        .map(|name| Path::new(parent).join(name).join(rest.trim_start_matches('/')))
        .collect()
}

/// The major release of the server in `bin`, if there is a whole one.
fn release(bin: &Path) -> Option<u32> {
    if !["postgres", "pg_ctl"].iter().all(|name| bin.join(name).is_file()) {
        return None;
    }
    let output = Command::new(bin.join("initdb")).arg("--version").stderr(Stdio::null()).output().ok()?;
    major(&String::from_utf8_lossy(&output.stdout))
}

/// The major release in words such as `initdb (PostgreSQL) 15.18 (Debian 15.18-0)` or `… 18beta1`.
fn major(words: &str) -> Option<u32> {
    let version = words.split_once("(PostgreSQL)")?.1.trim_start();
    version.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process;

    #[test]
    fn the_release_is_read_from_what_initdb_says() {
        assert_eq!(major("initdb (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("initdb (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("initdb: not found"), None);
    }

    #[test]
    fn only_whole_servers_are_found_and_links_are_followed() {
        let root = env::temp_dir().join(format!("xtask-server-{}", process::id()));
        let (old, new, links) = (root.join("pg-9/bin"), root.join("pg-16/bin"), root.join("links"));
        for (bin, version) in [(&old, "9.6"), (&new, "16.1")] {
            fs::create_dir_all(bin).unwrap();
            for name in ["initdb", "postgres", "pg_ctl"] {
                fs::write(bin.join(name), format!("#!/bin/sh\necho 'initdb (PostgreSQL) {version}'\n"))
                    .unwrap();
                fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        fs::create_dir_all(&links).unwrap();
        symlink(new.join("initdb"), links.join("initdb")).unwrap();

        let mut found = expand(&format!("{}/pg-*/bin", root.display()));
        found.sort();
        assert_eq!(found, [new.clone(), old.clone()]);
        assert_eq!((release(&new), release(&old), release(&links)), (Some(16), Some(9), None));
        assert_eq!(on_path(links.as_os_str()), new.canonicalize().ok());
        assert_eq!(on_path(OsStr::new("/nonexistent")), None);
        fs::remove_dir_all(root).unwrap();
    }
}

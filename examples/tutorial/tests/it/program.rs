//! The program as a process, over the stores that processes share.

use crate::schema::Schema;
use std::{
    env, fs,
    path::Path,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// A folder as the tutorial's reader has it: a configuration, and a folder for foos.
pub(crate) struct Folder {
    folder: TempDir,
    /// The store's ground, if it is not in the folder.
    _schema: Option<Schema>,
}

impl Folder {
    /// With a store in the folder itself.
    pub(crate) fn on_sqlite() -> Self {
        Self::with("", None)
    }

    /// Where there is a server.
    pub(crate) fn on_postgres() -> Option<Self> {
        let schema = Schema::new()?;
        let line = format!("store = \"{}\"\n\n", schema.url().url);
        Some(Self::with(&line, Some(schema)))
    }

    fn with(line: &str, schema: Option<Schema>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs.toml")).unwrap();
        fs::write(folder.path().join("jobs.toml"), format!("{line}{config}")).unwrap();
        fs::create_dir(folder.path().join("foos")).unwrap();
        Self { folder, _schema: schema }
    }

    /// What a shell in the folder says to `line`; the program is found by its name.
    pub(crate) fn shell(&self, line: &str) -> Output {
        let programs = Path::new(env!("CARGO_BIN_EXE_foos")).parent().unwrap().to_owned();
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([programs].into_iter().chain(env::split_paths(&path))).unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.folder.path()).env("PATH", path).stdin(Stdio::null());
        shell.env_remove("JOBS_CONFIG").env_remove("RUST_LOG").output().unwrap()
    }
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

fn the_command_does_what_is_due_and_says_so_on_stderr(folder: &Folder) {
    assert!(folder.shell("echo 'to do' > foos/42; foos do 42").status.success());
    let ran = folder.shell("foos run-jobs do-foo");
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(0), ""));
    assert!(text(&ran.stderr).ends_with("INFO    Ran 1 do-foo jobs.\n"), "{}", text(&ran.stderr));
    assert_eq!(text(&folder.shell("cat foos/42").stdout), "done\n");
}

#[test]
fn the_command_does_what_is_due_on_sqlite() {
    the_command_does_what_is_due_and_says_so_on_stderr(&Folder::on_sqlite());
}

#[test]
fn the_command_does_what_is_due_on_postgres() {
    if let Some(folder) = Folder::on_postgres() {
        the_command_does_what_is_due_and_says_so_on_stderr(&folder);
    }
}

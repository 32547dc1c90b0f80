//! The keeper of a throw-away cluster: a process that outlives this one by as long as it takes to clean up.
//!
//! It waits for the end of its standard input, whose other end only this process has. So it notices every way in which
//! this one can end: by return, by a panic, by Ctrl-C, and by `kill -9`, after which nothing here could run.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Waits, runs the words behind the folder, which stop the server, and removes the folder.
///
/// Signals are ignored, since its work is short and bounded. What is still being written makes `rm` fail, so it is
/// tried again for ten seconds; what then remains is swept by a later run.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
folder=$1; shift
read -r _
"$@" >/dev/null 2>&1
tries=0
until rm -rf "$folder" || [ "$tries" -ge 50 ]; do tries=$((tries + 1)); sleep 0.2; done
"#;

/// Cleans up when it is dropped, and has done so when that returns.
#[derive(Debug)]
pub(super) struct Keeper(Child);

impl Keeper {
    /// Starts a keeper for `folder`, which holds `lock` for as long as it lives.
    pub(super) fn start(folder: &Path, lock: File, halt: &Command) -> io::Result<Self> {
        let child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "keeper"])
            .arg(folder)
            .arg(halt.get_program())
            .args(halt.get_args())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(lock)
            .stderr(Stdio::null())
            .process_group(0) // Ctrl-C is for the tests; it is stopped by their end
            .spawn()?;
        Ok(Self(child))
    }

    /// Watches the process that runs `command` in place of this one: that gets the other end as its standard input, on
    /// which there is nothing to read.
    pub(super) fn watch(&mut self, command: &mut Command) {
        if let Some(end) = self.0.stdin.take() {
            command.stdin(end);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // If it was killed, the next run sweeps.
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;

    #[test]
    fn a_dropped_keeper_has_stopped_the_server_and_removed_its_folder_and_freed_the_lock() {
        let root = env::temp_dir().join(format!("xtask-keeper-{}", process::id()));
        let folder = root.join("cluster");
        fs::create_dir_all(&folder).unwrap();
        let lock = File::create(root.join("lock")).unwrap();
        lock.lock().unwrap();
        let mut halt = Command::new("touch");
        halt.arg(root.join("halted"));

        let keeper = Keeper::start(&folder, lock, &halt).unwrap();
        let other = File::open(root.join("lock")).unwrap();
        assert!(other.try_lock().is_err(), "the keeper has the lock now");
        assert!(folder.exists() && !root.join("halted").exists());
        drop(keeper);
        assert!(!folder.exists() && root.join("halted").exists());
        assert!(other.try_lock().is_ok());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_keeper_that_watches_another_process_cleans_up_when_that_ends() {
        let root = env::temp_dir().join(format!("xtask-watch-{}", process::id()));
        let folder = root.join("cluster");
        fs::create_dir_all(&folder).unwrap();
        let lock = File::create(root.join("lock")).unwrap();
        let mut keeper = Keeper::start(&folder, lock, &Command::new("true")).unwrap();
        let mut watched = Command::new("/bin/sh");
        keeper.watch(watched.args(["-c", "while :; do sleep 0.05; done"]));
        let mut running = watched.spawn().unwrap();
        drop(watched); // our copy of the end
        assert!(keeper.0.try_wait().unwrap().is_none() && folder.exists());
        running.kill().unwrap();
        running.wait().unwrap();
        drop(keeper);
        assert!(!folder.exists());
        fs::remove_dir_all(root).unwrap();
    }
}

//! A cluster for one run of the tests, which no end of that run leaves behind.

use std::env;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use super::account;
use super::certificates::Certificates;
use super::cluster::{Cluster, remove, url};
use super::keeper::Keeper;
use super::server::Server;

/// For tests: nothing in it needs to outlive a power cut. Tests run side by side, each with a pool or two.
pub(crate) const FLEETING: &[&str] = &[
    "fsync = off",
    "full_page_writes = off",
    "max_connections = 300",
    "shared_buffers = 128MB",
    "log_min_messages = warning",
];

/// For measurements: it waits for the disk as a server in production does, and writes no checkpoint while a round runs.
pub(crate) const DURABLE: &[&str] = &["shared_buffers = 1GB", "max_wal_size = 8GB"];

/// Whom a server with certificates lets in, by name: each of them but `postgres` in one way only.
const ADMITTED: &str = "\
hostssl   all encrypted 127.0.0.1/32 trust
hostnossl all plain     127.0.0.1/32 trust
hostssl   all certified 127.0.0.1/32 cert
hostssl   all nameless  127.0.0.1/32 cert
hostssl   all bound     127.0.0.1/32 scram-sha-256
host      all postgres  127.0.0.1/32 trust
";

/// What lets a server count its statements, if it has it.
const COUNTING: &str = "shared_preload_libraries = 'pg_stat_statements'";

/// A running server, until this is dropped.
#[derive(Debug)]
pub(crate) struct ThrowAway {
    url: String,
    pg_ctl: OsString,
    certificates: Option<Certificates>,
    keeper: Keeper,
}

impl ThrowAway {
    /// Starts one with these settings, for what its `name` says. None if this machine has no server.
    ///
    /// # Errors
    ///
    /// If it has one that does not start.
    pub(crate) fn start(name: &str, settings: &[&str]) -> Result<Option<Self>, Box<dyn Error>> {
        Self::start_with(name, settings, false)
    }

    /// The same for one that speaks TLS. None also if this machine cannot make certificates.
    ///
    /// # Errors
    ///
    /// If it can and there is a server, and either fails.
    pub(crate) fn start_encrypted(name: &str, settings: &[&str]) -> Result<Option<Self>, Box<dyn Error>> {
        if Certificates::can_be_made() { Self::start_with(name, settings, true) } else { Ok(None) }
    }

    fn start_with(name: &str, settings: &[&str], encrypted: bool) -> Result<Option<Self>, Box<dyn Error>> {
        let Some(server) = Server::find() else { return Ok(None) };
        let home = home()?;
        // Between a folder's making and its lock nobody may sweep it.
        let turn = File::create(home.join("turn"))?;
        turn.lock()?;
        sweep(&home)?;
        let name = format!("{}-{name}", process::id());
        let lock = File::create(home.join(format!("{name}.lock")))?;
        lock.lock()?;
        let cluster = Cluster::at(home.join(name))?;
        let keeper = Keeper::start(&cluster.folder, lock, &cluster.halt())?;
        drop(turn);
        let counting = server.has_library("pg_stat_statements").then_some(COUNTING);
        let mut settings: Vec<String> = settings.iter().copied().chain(counting).map(str::to_owned).collect();
        let mut certificates = None;
        if encrypted {
            let made = Certificates::make(&cluster.account, cluster.folder.join("certificates"))?;
            settings.extend(made.settings());
            certificates = Some(made);
        }
        cluster.init(&settings)?;
        if encrypted {
            cluster.admit(ADMITTED)?;
        }
        let port = cluster.start(None)?;
        let pg_ctl = lines(&cluster.pg_ctl_at(port));
        Ok(Some(Self { url: url(port), pg_ctl, certificates, keeper }))
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where its certificates and its clients' are, if it has any.
    pub(crate) fn certificates(&self) -> Option<&Path> {
        self.certificates.as_ref().map(Certificates::folder)
    }

    /// Leaves it to the process that runs `command`, or that this one becomes by it: it is cleaned up when that ends.
    pub(crate) fn leave_to(&mut self, command: &mut Command) {
        self.keeper.watch(command);
    }

    /// The words, one a line, of a command that stops and starts it: behind them comes `stop` or `start`. It is to be
    /// run in a folder that all users may enter.
    pub(crate) fn pg_ctl(&self) -> &OsStr {
        &self.pg_ctl
    }
}

/// A command as text, in which spaces mean nothing.
fn lines(command: &Command) -> OsString {
    let words: Vec<&OsStr> = [command.get_program()].into_iter().chain(command.get_args()).collect();
    words.join(OsStr::new("\n"))
}

/// The folder of all throw-away clusters of this user. In the system's folder for such, since the user that root's
/// server runs as can enter hardly another.
fn home() -> Result<PathBuf, Box<dyn Error>> {
    let us = account::our_id().ok_or("cannot tell which user this is")?;
    let home = env::temp_dir().join(format!("xtask-postgres-{us}"));
    match fs::create_dir(&home) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(format!("cannot make {}: {error}", home.display()).into());
        }
        _ => {}
    }
    let found = fs::symlink_metadata(&home)?;
    if !found.is_dir() || found.uid() != us {
        return Err(format!("{} is not ours; remove it", home.display()).into());
    }
    Ok(home)
}

/// Removes the clusters whose keepers were killed. Their servers end by themselves within a minute, which is how often
/// a server looks whether its data folder is still there.
fn sweep(home: &Path) -> io::Result<()> {
    for entry in fs::read_dir(home)?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|it| it == "lock") && File::open(&path)?.try_lock().is_ok() {
            // A server that still writes is in the way of this; then a later run does it.
            if remove(&path.with_extension("")).is_ok() {
                fs::remove_file(&path)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_as_many_lines_as_it_has_words() {
        assert_eq!(
            lines(Command::new("pg_ctl").args(["--options", "-p 1", "a b"])),
            "pg_ctl\n--options\n-p 1\na b"
        );
    }

    #[test]
    fn a_sweep_takes_what_nobody_keeps_and_nothing_else() {
        let home = env::temp_dir().join(format!("xtask-sweep-{}", process::id()));
        for name in ["kept", "left"] {
            fs::create_dir_all(home.join(name).join("data")).unwrap();
            File::create(home.join(format!("{name}.lock"))).unwrap();
        }
        let kept = File::open(home.join("kept.lock")).unwrap();
        kept.lock().unwrap();
        sweep(&home).unwrap();
        assert!(home.join("kept/data").exists() && home.join("kept.lock").exists());
        assert!(!home.join("left").exists() && !home.join("left.lock").exists());
        fs::remove_dir_all(home).unwrap();
    }
}

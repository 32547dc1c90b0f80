//! A cluster: one data folder, and the server that may run on it.

use std::error::Error;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::HOW_TO_INSTALL;
use super::account::Account;
use super::server::Server;

/// How often a port is chosen anew that was taken between our look and the server's.
const PORTS_TRIED: u32 = 5;

/// A folder with `data` and `log` in it. Nobody but this machine's users reaches the server: it hears 127.0.0.1 alone.
#[derive(Debug)]
pub(super) struct Cluster {
    server: Server,
    pub(super) account: Account,
    /// The folder, which exists and is the account's own.
    pub(super) folder: PathBuf,
}

impl Cluster {
    /// A cluster at `folder`, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// If there is no server on this machine, nobody to run it, or no right to make the folder.
    pub(super) fn at(folder: PathBuf) -> Result<Self, Box<dyn Error>> {
        let server = Server::find().ok_or_else(|| format!("there is no server here; {HOW_TO_INSTALL}"))?;
        let account = Account::choose()?;
        if !folder.is_dir() {
            account
                .make_folder(&folder)
                .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        }
        Ok(Self { server, account, folder })
    }

    /// Makes the data folder with these settings, unless it is there. One that was cut off is begun again.
    ///
    /// # Errors
    ///
    /// With the words of `initdb`, if it fails.
    pub(super) fn init(&self, settings: &[impl AsRef<str>]) -> Result<(), Box<dyn Error>> {
        if self.data().is_dir() {
            return Ok(());
        }
        let unfinished = self.folder.join("data.new");
        remove(&unfinished)?;
        let mut initdb = self.command("initdb");
        initdb.args(["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"]);
        self.succeed(initdb.arg("--pgdata").arg(&unfinished))?;
        let file = unfinished.join("postgresql.conf");
        let mut text = fs::read_to_string(&file)?;
        let ours = ["listen_addresses = '127.0.0.1'", "unix_socket_directories = ''"];
        for line in ours.into_iter().chain(settings.iter().map(AsRef::as_ref)) {
            text.push_str(&format!("{line}\n"));
        }
        fs::write(&file, text)?;
        Ok(fs::rename(unfinished, self.data())?)
    }

    /// Lets in whom these lines of `pg_hba.conf` name, and nobody else.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub(super) fn admit(&self, lines: &str) -> io::Result<()> {
        fs::write(self.data().join("pg_hba.conf"), lines)
    }

    /// Starts the server and answers with its port once it takes connections: `wanted`, if that is free.
    ///
    /// # Errors
    ///
    /// With the end of the server's log, if it does not come up.
    pub(super) fn start(&self, wanted: Option<u16>) -> Result<u16, Box<dyn Error>> {
        let mut tries = 0;
        loop {
            tries += 1;
            let port = free_port(wanted.filter(|_| tries == 1))?;
            match self.succeed(self.pg_ctl_at(port).arg("start")) {
                Ok(()) => return Ok(port),
                Err(_) if tries < PORTS_TRIED && TcpListener::bind(("127.0.0.1", port)).is_err() => {}
                Err(error) => return Err(format!("{error}\n{}", self.end_of_log()).into()),
            }
        }
    }

    /// The port of the server, if one runs.
    pub(super) fn port(&self) -> Option<u16> {
        // A file from before a crash proves nothing; `pg_ctl status` looks at the process.
        let runs = self.pg_ctl().arg("status").output().is_ok_and(|status| status.status.success());
        let file = fs::read_to_string(self.data().join("postmaster.pid")).ok().filter(|_| runs)?;
        port_in(&file)
    }

    /// Ends the server: its sessions are ended first, and what was committed is on disk.
    ///
    /// # Errors
    ///
    /// With the words of `pg_ctl`, if the server does not end.
    pub(super) fn stop(&self) -> Result<(), Box<dyn Error>> {
        self.succeed(self.pg_ctl().args(["stop", "--mode=fast"]))
    }

    /// The call that ends the server without a look at what it does.
    pub(super) fn halt(&self) -> Command {
        let mut halt = self.pg_ctl();
        halt.args(["stop", "--mode=immediate"]);
        halt
    }

    /// A call of `pg_ctl` that wants only the word for what to do: `start`, at this port, or `stop`.
    pub(super) fn pg_ctl_at(&self, port: u16) -> Command {
        let mut pg_ctl = self.pg_ctl();
        pg_ctl.arg("--log").arg(self.log()).arg("--options").arg(format!("-p {port}"));
        pg_ctl
    }

    /// The path of a program that belongs to the server.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.server.program(name)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn command(&self, name: &str) -> Command {
        let mut command = self.account.command(&self.program(name), &self.folder);
        // The user's own server is no business of this one.
        for name in ["PGDATA", "PGPORT", "PGHOST", "PGOPTIONS"] {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C");
        command
    }

    fn pg_ctl(&self) -> Command {
        let mut pg_ctl = self.command("pg_ctl");
        pg_ctl.args(["--wait", "--timeout=60", "--pgdata"]).arg(self.data());
        pg_ctl
    }

    fn succeed(&self, command: &mut Command) -> Result<(), Box<dyn Error>> {
        let name = command
            .get_args()
            .chain([command.get_program()])
            .find_map(|word| ["initdb", "pg_ctl"].into_iter().find(|name| Path::new(word).ends_with(name)));
        let name = name.unwrap_or("PostgreSQL");
        let output = command.output().map_err(|error| format!("cannot run {name}: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&output.stderr);
        Err(format!("{name} failed in {} ({}): {}", self.folder.display(), output.status, words.trim())
            .into())
    }

    fn end_of_log(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

/// Where a program finds the server at `port`.
pub(super) fn url(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/postgres")
}

/// Removes a folder that may not be there.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A port that nobody listens on now: `wanted`, if that is one.
fn free_port(wanted: Option<u16>) -> io::Result<u16> {
    let listener = match wanted.map(|port| TcpListener::bind(("127.0.0.1", port))) {
        Some(Ok(listener)) => listener,
        _ => TcpListener::bind(("127.0.0.1", 0))?,
    };
    Ok(listener.local_addr()?.port())
}

/// The port in a server's `postmaster.pid`, whose fourth line it is.
fn port_in(postmaster_pid: &str) -> Option<u16> {
    postmaster_pid.lines().nth(3)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wanted_port_is_kept_only_while_it_is_free() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_ne!(free_port(Some(port)).unwrap(), port);
        drop(taken);
        assert_eq!(free_port(Some(port)).unwrap(), port);
    }

    #[test]
    fn the_port_is_read_from_the_servers_own_file() {
        assert_eq!(port_in("4711\n/data\n1763970000\n50123\n\n127.0.0.1\n  1 2\nready   \n"), Some(50123));
        assert_eq!(port_in("4711\n/data\n"), None);
    }
}

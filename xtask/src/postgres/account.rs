//! The user that a server runs as: ours, unless that is root, which PostgreSQL refuses.

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Command, Stdio};

/// A user without rights, and the words in front of a command that make it that user's.
#[derive(Debug)]
pub(super) struct Account {
    prefix: Vec<OsString>,
    /// Whose the files must be, as user and group; none if they are ours already.
    owner: Option<(u32, u32)>,
}

impl Account {
    /// The user's own account, or for root the one named `postgres`, else `nobody`.
    ///
    /// # Errors
    ///
    /// As root, if there is neither account, or no program to become one.
    pub(super) fn choose() -> Result<Self, Box<dyn Error>> {
        if id(&["-u"]) != Some(0) {
            return Ok(Self { prefix: Vec::new(), owner: None });
        }
        for name in ["postgres", "nobody"] {
            let (Some(user), Some(group)) = (id(&["-u", name]), id(&["-g", name])) else { continue };
            let prefix = prefixes(name, user, group).into_iter().find(|prefix| works(prefix));
            if let Some(prefix) = prefix {
                return Ok(Self { prefix, owner: Some((user, group)) });
            }
        }
        Err("PostgreSQL does not run as root, and there is no way to become `postgres` or `nobody`: \
             install setpriv or runuser, or run this as another user"
            .into())
    }

    /// A call of `program` by this user, in `folder`, which they can enter; standard input is empty.
    pub(super) fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut words = self.prefix.iter().map(OsString::as_os_str).chain([program.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or(program.as_os_str()));
        command.args(words).current_dir(folder).stdin(Stdio::null());
        command
    }

    /// Makes a new folder that is this user's.
    pub(super) fn make_folder(&self, folder: &Path) -> std::io::Result<()> {
        fs::create_dir(folder)?;
        self.owner.map_or(Ok(()), |(user, group)| chown(folder, Some(user), Some(group)))
    }
}

/// The user's number, which names what is theirs in folders that all users share.
pub(super) fn our_id() -> Option<u32> {
    id(&["-u"])
}

fn id(args: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(args).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// The ways to run a command as `name`, the plainest first.
fn prefixes(name: &str, user: u32, group: u32) -> [Vec<OsString>; 3] {
    let words = |words: &[&str]| words.iter().map(OsString::from).collect();
    [
        words(&["setpriv", &format!("--reuid={user}"), &format!("--regid={group}"), "--init-groups", "--"]),
        words(&["runuser", "-u", name, "--"]),
        // A shell of ours, because `nobody` has none.
        words(&["su", "-s", "/bin/sh", "-c", "exec \"$0\" \"$@\"", "--", name]),
    ]
}

/// Whether a command behind the prefix gets its arguments whole; not every system's programs know these options.
fn works(prefix: &[OsString]) -> bool {
    let echo = Command::new(&prefix[0])
        .args(&prefix[1..])
        .args(["printf", "%s", "-D a  b"])
        .current_dir("/")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    echo.is_ok_and(|echo| echo.status.success() && echo.stdout == b"-D a  b")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_is_given_arrives_whole() {
        let account = Account::choose().unwrap();
        let echo = account.command(Path::new("printf"), Path::new("/")).args(["%s|", "a  b", "-c"]).output();
        assert_eq!(echo.unwrap().stdout, b"a  b|-c|");
    }

    #[test]
    fn root_runs_no_server_as_root() {
        let account = Account::choose().unwrap();
        let output = account.command(Path::new("id"), Path::new("/")).arg("-u").output().unwrap();
        assert_ne!(output.stdout, b"0\n");
    }

    #[test]
    fn every_way_that_this_machine_has_keeps_arguments_apart() {
        if our_id() != Some(0) {
            return; // only root can become another
        }
        let (user, group) = (id(&["-u", "nobody"]).unwrap(), id(&["-g", "nobody"]).unwrap());
        for prefix in prefixes("nobody", user, group) {
            let there = Command::new(&prefix[0]).arg("--version").output().is_ok();
            assert!(!there || works(&prefix), "{prefix:?}");
        }
    }
}

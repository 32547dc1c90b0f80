//! The real PgBouncer before the tests' server, where the program is on this machine.

use crate::server;
use std::{
    env,
    fs::{self, Permissions},
    io::Write,
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};
use tokio_postgres::{Config, config::Host};

/// A running PgBouncer, until this is dropped.
pub(crate) struct Bouncer {
    child: Child,
    folder: PathBuf,
    url: String,
}

/// The program, and its version: 1.21 is (1, 21). Where it is missing, that is said.
pub(crate) fn program() -> Option<(PathBuf, (u32, u32))> {
    let path = env::var_os("PATH").unwrap_or_default();
    // Distributions keep it where only root looks.
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let program = folders.map(|it| it.join("pgbouncer")).find(|it| it.is_file());
    let Some(program) = program else {
        // Past the harness, which would keep it to itself.
        let _ = writeln!(std::io::stderr(), "PgBouncer tests not run: there is no pgbouncer on PATH");
        return None;
    };
    let said = Command::new(&program).arg("--version").output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let mut numbers = said.split_whitespace().nth(1).unwrap().split('.').map(|it| it.parse().unwrap());
    Some((program, (numbers.next().unwrap(), numbers.next().unwrap())))
}

impl Bouncer {
    /// Starts it with a pool in `mode`, and `more` lines of its configuration.
    pub(crate) fn start(program: &Path, mode: &str, more: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = env::temp_dir().join(format!("bouncer-{}-{port}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let config: Config = server::url().parse().unwrap();
        let host = match &config.get_hosts()[0] {
            Host::Tcp(host) => host.clone(),
            Host::Unix(path) => path.display().to_string(),
        };
        let mut to = format!("host={host} port={}", config.get_ports().first().unwrap_or(&5432));
        to.push_str(&format!(" user={}", config.get_user().unwrap_or("postgres")));
        if let Some(password) = config.get_password() {
            to.push_str(&format!(" password={}", String::from_utf8_lossy(password)));
        }
        let text = format!(
            "[databases]\n* = {to}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\npool_mode = {mode}\n{more}\n"
        );
        let file = folder.join("pgbouncer.ini");
        fs::write(&file, text).unwrap();
        let mut command = Command::new(program);
        if fs::metadata(&folder).unwrap().uid() == 0 {
            command.args(["-u", "nobody"]); // it refuses to be root
        }
        let child = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let database = config.get_dbname().unwrap_or("postgres");
        let url = format!("postgres://somebody@127.0.0.1:{port}/{database}");
        let mut bouncer = Self { child, folder, url };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(bouncer.child.try_wait().unwrap().is_none(), "it ended at once");
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not listen");
            sleep(Duration::from_millis(10));
        }
        bouncer
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

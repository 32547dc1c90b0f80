//! The real program, run in the sandbox, and the signals it gets.

use crate::sandbox::Sandbox;
use code_review::{Database, Proposed, proposals};
use diesel::{RunQueryDsl, SqliteConnection, sql_query, sql_types::BigInt};
use job_core::store::{Opened, Opener, StoreUrl};
use std::{
    fs,
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a program said, and its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Sandbox {
    /// Writes the configuration, with this lease for the section.
    pub(crate) fn configured(self, lease: &str) -> Self {
        let text = format!(
            "[section.code-review]\ntypes = [\"generate-diff\", \"proposal-heat\"]\nconcurrency = 4\nlease = \"{lease}\"\n"
        );
        fs::write(self.folder().join("jobs.toml"), text).unwrap();
        self
    }

    /// The program with these words, ready to start.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_code-review"));
        command.args(args).current_dir(self.folder()).stdin(Stdio::null());
        command.env_remove("JOBS_CONFIG").env_remove("RUST_LOG");
        command
    }

    /// What the program says to these words.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        self.command(args).output().unwrap().into()
    }

    /// Starts the program.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        let mut command = self.command(args);
        Running(Some(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()))
    }

    /// The database, with all tables in it.
    pub(crate) fn database(&self) -> Database {
        let file = self.folder().join("jobs.sqlite3");
        Database::of(&format!("sqlite:{}", file.display())).unwrap().set_up().unwrap()
    }

    pub(crate) fn connect(&self) -> SqliteConnection {
        self.database().connect().unwrap()
    }

    /// Runs a future to its end.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        tokio::runtime::Runtime::new().unwrap().block_on(future)
    }

    /// The store, opened as the program does.
    pub(crate) async fn opened(&self) -> Opened {
        let database = self.database();
        let url = StoreUrl::new(format!("sqlite:{}", database.path()));
        job_store_sqlite::Opener.open(&url).await.unwrap()
    }

    /// Does something with the store.
    pub(crate) fn with_store<T>(&self, work: impl AsyncFnOnce(Opened) -> T) -> T {
        self.block_on(async { work(self.opened().await).await })
    }

    /// Proposes the newest commits, and asks for their diffs.
    pub(crate) fn propose(&self, count: usize) -> Vec<Proposed> {
        self.with_store(async |_| proposals::propose(&mut self.connect(), &self.newest(count)).unwrap())
    }

    /// The one number that this query finds.
    pub(crate) fn number(&self, query: &str) -> i64 {
        number(&mut self.connect(), query)
    }

    /// Looks until this query finds at least so much.
    pub(crate) fn wait_for(&self, query: &str, least: i64) {
        let begun = Instant::now();
        let mut conn = self.connect();
        while number(&mut conn, query) < least {
            assert!(begun.elapsed() < PATIENCE, "waited too long for {query}");
            sleep(Duration::from_millis(5));
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn number(conn: &mut SqliteConnection, query: &str) -> i64 {
    sql_query(format!("SELECT ({query}) AS number")).get_result::<Number>(conn).unwrap().number
}

/// A program that runs; killed when the test is over, however it ends.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    /// Sends a signal, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Said {
        self.0.take().unwrap().wait_with_output().unwrap().into()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // Ended by itself already, if this fails.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

//! The real program, run in the sandbox, and the signals it gets.

use crate::sandbox::Sandbox;
use code_review::{Connection, Database, Error, Proposed, proposals};
use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::BigInt};
use job_core::store::{Opened, StoreUrl};
use std::{
    fs,
    io::BufReader,
    process::{Child, ChildStderr, Command, Output, Stdio},
    thread::{self, sleep},
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
        let store = self.server.as_ref().map_or(String::new(), |it| format!("store = \"{}\"\n", it.url()));
        let text = format!(
            "{store}[section.code-review]\ntypes = [\"generate-diff\", \"proposal-heat\"]\nconcurrency = 4\nlease = \"{lease}\"\n"
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

    /// Where the store is.
    pub(crate) fn url(&self) -> StoreUrl {
        let file = || format!("sqlite:{}", self.folder().join("jobs.sqlite3").display());
        StoreUrl::new(self.server.as_ref().map_or_else(file, |it| it.url()))
    }

    /// The database, with all tables in it.
    pub(crate) fn database(&self) -> Database {
        let url = self.url();
        let open = async move {
            let database = Database::of(&url.url).unwrap();
            database.opener().open(&url).await.unwrap();
            database.set_up().await.unwrap()
        };
        self.database.get_or_init(|| self.block_on(open)).clone()
    }

    /// Runs a future to its end, on a thread of its own: the test may stand in the runtime.
    pub(crate) fn block_on<T: Send>(&self, future: impl Future<Output = T> + Send) -> T {
        let runtime = self.runtime.handle();
        thread::scope(|scope| scope.spawn(|| runtime.block_on(future)).join().unwrap())
    }

    /// Does something on a connection of the application's own.
    pub(crate) fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let database = self.database();
        self.block_on(database.with(work))
    }

    /// The store, opened as the program does.
    pub(crate) fn opened(&self) -> impl Future<Output = Opened> + Send + use<> {
        let (opener, url) = (self.database().opener(), self.url());
        async move { opener.open(&url).await.unwrap() }
    }

    /// Does something with the store.
    pub(crate) fn with_store<T>(&self, work: impl AsyncFnOnce(Opened) -> T) -> T {
        self.runtime.block_on(async { work(self.opened().await).await })
    }

    /// Proposes the newest commits, and asks for their diffs.
    pub(crate) fn propose(&self, count: usize) -> Vec<Proposed> {
        let new = self.newest(count);
        self.with(move |conn| proposals::propose(conn, &new)).unwrap()
    }

    /// Executes the statements that are for the store at hand.
    pub(crate) fn execute(&self, sqlite: &'static str, postgres: &'static str) {
        let executed = self.with(|conn| {
            Ok(match conn {
                Connection::Sqlite(conn) => conn.batch_execute(sqlite),
                Connection::Postgres(conn) => conn.batch_execute(postgres),
            }?)
        });
        executed.unwrap();
    }

    /// The one number that this query finds.
    pub(crate) fn number(&self, query: &str) -> i64 {
        let query = sql_query(format!("SELECT ({query}) AS number"));
        let found = self.with(|conn| {
            Ok(match conn {
                Connection::Sqlite(conn) => query.get_result::<Number>(*conn),
                Connection::Postgres(conn) => query.get_result::<Number>(*conn),
            }?)
        });
        found.unwrap().number
    }

    /// Looks until this query finds at least so much.
    pub(crate) fn wait_for(&self, query: &str, least: i64) {
        let begun = Instant::now();
        while self.number(query) < least {
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

    /// What it says on standard error, from here on.
    pub(crate) fn err(&mut self) -> BufReader<ChildStderr> {
        BufReader::new(self.0.as_mut().unwrap().stderr.take().unwrap())
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

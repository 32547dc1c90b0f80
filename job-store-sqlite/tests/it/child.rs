//! This very test program, started again as another process that uses the same file.

use crate::file::{claim, email, emails};
use job_core::{Acquired, Clock, Text, store::JobStore};
use job_store_sqlite::SqliteStore;
use job_testing::factory;
use std::{
    env,
    io::{BufRead, BufReader, Lines, Write, stdin, stdout},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};
use tokio::runtime::Builder;

/// What a child does is named in this variable, and the file in the other.
const ROLE: &str = "JOB_STORE_SQLITE_CHILD";
const FILE: &str = "JOB_STORE_SQLITE_FILE";

/// What it says to its parent begins with this; the test harness writes to the same pipe.
const SAYS: &str = "child says ";

/// A process that does as its role says once it is told to go on.
pub(crate) struct Process {
    pub(crate) child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(role: &str, file: &Path) -> Self {
        Self::of(Command::new(program()), role, file)
    }

    /// Starts `program`, which is this one.
    pub(crate) fn of(mut program: Command, role: &str, file: &Path) -> Self {
        program.args(["child::plays_its_role", "--exact", "--nocapture"]).env(ROLE, role).env(FILE, file);
        let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, said }
    }

    /// The next thing it says; `None` when it has ended.
    pub(crate) fn says(&mut self) -> Option<String> {
        let mut said = self.said.by_ref().map_while(Result::ok);
        said.find_map(|line| line.strip_prefix(SAYS).map(str::to_owned))
    }

    /// Lets it go on.
    pub(crate) fn go(&mut self) {
        self.child.stdin.take().unwrap().write_all(b"\n").unwrap();
    }

    /// All that it says until it ends, which it must do well.
    pub(crate) fn end(mut self) -> Vec<String> {
        let said = std::iter::from_fn(|| self.says()).collect();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "the child failed: {status}");
        said
    }
}

/// This program.
pub(crate) fn program() -> PathBuf {
    env::current_exe().unwrap()
}

/// As many processes of one role, which all begin when all are ready; and what each says.
pub(crate) fn race(n: usize, role: &str, file: &Path) -> Vec<Vec<String>> {
    let mut processes: Vec<Process> = (0..n).map(|_| Process::start(role, file)).collect();
    for it in &mut processes {
        assert_eq!(it.says().as_deref(), Some("ready"));
    }
    processes.iter_mut().for_each(Process::go);
    processes.into_iter().map(Process::end).collect()
}

fn say(what: impl std::fmt::Display) {
    // On a line of its own: the harness has begun one.
    println!("\n{SAYS}{what}");
    stdout().flush().unwrap();
}

fn ready() {
    say("ready");
    stdin().read_line(&mut String::new()).unwrap();
}

/// Does nothing in a run of all tests.
#[test]
fn plays_its_role() {
    let (Some(role), Some(file)) = (env::var(ROLE).ok(), env::var_os(FILE)) else { return };
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(play(&role, Path::new(&file)));
}

async fn play(role: &str, file: &Path) {
    match role {
        "migrate" => {
            ready();
            let store = SqliteStore::open(file).await.unwrap();
            store.insert(&[factory::job(store.mint())], Clock::Store).await.unwrap();
        }
        "acquire" => {
            let source = emails(&SqliteStore::open(file).await.unwrap());
            ready();
            for to in 0..20 {
                match source.acquire(&email(to)).await.unwrap() {
                    Acquired::Created(job) => say(format_args!("created {to} {}", job.id)),
                    Acquired::Existing(job) => say(format_args!("existing {to} {}", job.id)),
                }
            }
        }
        "claim" => {
            let store = SqliteStore::open(file).await.unwrap();
            let actor = u128::from(std::process::id());
            ready();
            loop {
                let claimed = store.claim(&claim(actor, 3)).await.unwrap();
                if claimed.is_empty() {
                    break;
                }
                claimed.jobs.iter().for_each(|job| say(job.id));
            }
        }
        "insert for ever" => {
            let store = SqliteStore::open(file).await.unwrap();
            loop {
                let jobs: Vec<_> = (0..3).map(|_| factory::job(store.mint())).collect();
                store.insert(&jobs, Clock::Store).await.unwrap();
                jobs.iter().for_each(|job| say(job.id));
            }
        }
        "insert until refused" => {
            let store = SqliteStore::open(file).await.unwrap();
            let insert = async || {
                let jobs: Vec<_> = (0..3).map(|_| factory::job(store.mint())).collect();
                store.insert(&jobs, Clock::Store).await.map(|_| jobs)
            };
            while let Ok(jobs) = insert().await {
                jobs.iter().for_each(|job| say(job.id));
            }
            say("refused");
            insert().await.map(drop).expect_err("there is still no room");
            say("refused again");
            assert!(store.lapsed(None, factory::limit(1), Clock::Store).await.unwrap().is_empty());
            say("still read");
        }
        "open and drop" => crate::threads::open_and_drop(file).await,
        "open what is read-only" => {
            let refused = SqliteStore::open(file).await.map(drop);
            say(refused.map_or_else(|error| Text::of_error(&error).to_string(), |()| "opened".to_owned()));
        }
        other => panic!("no child plays {other}"),
    }
}

//! Runs the program `examples/errands.rs` as a process, in a folder of its own.

use crate::errands::program;
use job_core::{
    JobId, NewJob, TypeName,
    store::{Inserted, Opened, Opener, StoreUrl},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, ChildStderr, Command, Stdio},
};
use tempfile::TempDir;

/// A folder with a configuration and a store.
pub(crate) struct Folder {
    folder: TempDir,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// What was written to standard output: an object a line.
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.out.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
    }
}

impl Folder {
    /// A folder whose `jobs.toml` is `config`.
    pub(crate) fn with(config: &str) -> Self {
        let empty = Self::empty();
        empty.write("jobs.toml", config);
        empty
    }

    /// A folder without a configuration.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The store, opened by the test itself.
    pub(crate) async fn store(&self) -> Opened {
        let url = format!("sqlite:{}", self.path("jobs.sqlite3").display());
        job_store_sqlite::Opener.open(&StoreUrl::new(url)).await.unwrap()
    }

    /// Stores a job that is due, changed by `change`.
    pub(crate) async fn enqueue(&self, name: &str, args: Value, change: impl Fn(NewJob) -> NewJob) -> JobId {
        let opened = self.store().await;
        let new = NewJob {
            type_name: TypeName::new(name).unwrap(),
            args: job_core::Json::of(&args).unwrap(),
            ..job_testing::factory::job(opened.store.mint())
        };
        match opened.store.insert(&[change(new)], opened.clock).await.unwrap().pop() {
            Some(Inserted::Created(job)) => job.id,
            other => panic!("not created: {other:?}"),
        }
    }

    pub(crate) async fn greet(&self, name: &str) -> JobId {
        let target = job_core::Target::new(name).ok();
        self.enqueue("greet", json!({ "name": name }), |it| NewJob { target: target.clone(), ..it }).await
    }

    /// The command, to be called in this folder. `args` are separated by spaces.
    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = Command::new(program());
        command.args(args.split_whitespace()).current_dir(self.folder.path());
        command.env_remove("JOBS_CONFIG").env_remove("RUST_LOG").stdin(Stdio::null());
        command
    }

    /// Runs the command to its end.
    pub(crate) fn run(&self, args: &str) -> Ended {
        let ended = self.command(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: ended.status.code(), out: text(ended.stdout), err: text(ended.stderr) }
    }

    /// Starts the command.
    pub(crate) fn start(&self, args: &str) -> Started {
        self.started(self.command(args))
    }

    /// Starts `command`.
    pub(crate) fn started(&self, mut command: Command) -> Started {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        Started { child, err, said: String::new() }
    }
}

/// A process that runs; killed, if the test ends first.
pub(crate) struct Started {
    child: Child,
    err: BufReader<ChildStderr>,
    said: String,
}

impl Started {
    /// Returns once the process logged a line with `text` in it.
    pub(crate) fn says(&mut self, text: &str) {
        assert!(self.says_or_ends(text), "never said {text:?}, but:\n{}", self.said);
    }

    /// Returns once the process logged a line with `text` in it, or ended; whether it is the former.
    pub(crate) fn says_or_ends(&mut self, text: &str) -> bool {
        loop {
            let begin = self.said.len();
            if self.err.read_line(&mut self.said).unwrap() == 0 {
                return false;
            }
            if self.said[begin..].contains(text) {
                return true;
            }
        }
    }

    /// Sends the signal, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let kill =
            Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end.
    pub(crate) fn ended(mut self) -> Ended {
        self.err.read_to_string(&mut self.said).unwrap();
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        Ended { code: self.child.wait().unwrap().code(), out, err: std::mem::take(&mut self.said) }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

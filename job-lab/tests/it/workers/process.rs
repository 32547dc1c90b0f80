//! A worker as a process: this program, run again as a program with jobs.

use super::{diary::Diary, stint::Stint};
use job_runner::command_line::{CommandLine, SectionSetup};
use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
    thread,
    time::Duration,
};

/// The configuration and the diary that a child is given.
const CONFIG: &str = "JOB_LAB_WORKER_CONFIG";
const DIARY: &str = "JOB_LAB_WORKER_DIARY";

/// A worker of the section `lab` that runs; killed, if the test ends first.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

/// How a worker ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What it told of its section, if it lived to tell.
    pub(crate) record: serde_json::Value,
}

impl Process {
    /// Starts one that logs to `log`.
    pub(super) fn start(config: &Path, diary: &Path, log: PathBuf) -> Self {
        let child = Command::new(env::current_exe().unwrap())
            .args(["workers::process::works", "--exact", "--nocapture"])
            .envs([(CONFIG, config), (DIARY, diary)])
            .env_remove("RUST_LOG")
            .current_dir(config.parent().unwrap())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends the signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) -> Ended {
        while !self.has_ended() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let status = self.child.wait().unwrap();
        let out = std::io::read_to_string(self.child.stdout.take().unwrap()).unwrap();
        // The test harness begins the line.
        let record = out.find("{\"section\"").and_then(|begin| out[begin..].lines().next());
        Ended { status, record: record.map(|it| serde_json::from_str(it).unwrap()).unwrap_or_default() }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("worker {} said:\n{}", self.id(), fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

/// Does nothing in a run of all tests.
#[test]
fn works() -> ExitCode {
    let (Some(config), Some(diary)) = (env::var_os(CONFIG), env::var_os(DIARY)) else {
        return ExitCode::SUCCESS;
    };
    let diary = Diary::open(Path::new(&diary));
    CommandLine::new(async |_: &SectionSetup| Ok(diary.clone()))
        .store(job_store_sqlite::Opener)
        .store(job_store_pg::Opener)
        .register::<Stint>()
        .run_from([
            "lab".as_ref(),
            "run-jobs".as_ref(),
            "lab".as_ref(),
            "--worker".as_ref(),
            "--json".as_ref(),
            "--config".as_ref(),
            config.as_os_str(),
        ])
}

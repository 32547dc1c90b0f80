//! A whole program: four job types and the command line. The tests in `tests/cli` run it as a process.

use async_trait::async_trait;
use job_core::{
    Ask, Attempt, BoxError, LabelError, LogLevel, Progress, RunnableJob, SectionName, Tag, Target,
};
use job_runner::{
    Hooks, Notifier, RunReport, UserError,
    command_line::{CommandLine, SectionSetup},
};
use serde::{Deserialize, Serialize};
use std::{future, process::ExitCode, time::Duration};

/// Succeeds, and says so; aloud, on standard output too.
#[derive(Deserialize, Serialize)]
struct Greet {
    name: String,
    #[serde(default)]
    aloud: bool,
}

impl RunnableJob for Greet {
    const TYPE: &'static str = "greet";
    type Error = BoxError;

    async fn run(self, attempt: Attempt) -> Result<(), BoxError> {
        if self.aloud {
            println!("hello {}", self.name);
        }
        attempt.log(LogLevel::Info, format_args!("hello {}", self.name));
        Ok(())
    }

    fn target(&self) -> Result<Option<Target>, LabelError> {
        Target::new(&self.name).map(Some)
    }

    fn tags(&self) -> Result<Vec<Tag>, LabelError> {
        Ok(vec![Tag::new("polite")?])
    }
}

/// Fails: for good without retries, else to be tried again in an hour.
#[derive(Deserialize, Serialize)]
struct Fail {
    retries: u32,
}

impl RunnableJob for Fail {
    const TYPE: &'static str = "fail";
    type Error = BoxError;

    async fn run(self, attempt: Attempt) -> Result<(), BoxError> {
        if attempt.is_last() {
            return Err("nobody is at home".into());
        }
        Err(Ask::RetryIn(Duration::from_secs(3600)).into())
    }

    fn max_retries(&self) -> u32 {
        self.retries
    }
}

/// Runs until it is told to stop; a stubborn one even then.
#[derive(Deserialize, Serialize)]
struct Wait {
    stubborn: bool,
}

impl RunnableJob for Wait {
    const TYPE: &'static str = "wait";
    type Error = BoxError;

    async fn run(self, attempt: Attempt) -> Result<(), BoxError> {
        attempt.progress(Progress::percent(50).saying("half way"));
        attempt.log(LogLevel::Info, "waiting");
        attempt.cancelled().await;
        if self.stubborn {
            future::pending::<()>().await;
        }
        Err("told to stop".into())
    }
}

/// Fails for a reason that is the requester's business.
#[derive(Deserialize, Serialize)]
struct Complain;

impl RunnableJob for Complain {
    const TYPE: &'static str = "complain";
    type Error = BoxError;

    async fn run(self, _: Attempt) -> Result<(), BoxError> {
        Err(Ask::TellUser("the address is wrong".into()).into())
    }

    fn recipients(&self) -> Vec<String> {
        vec!["Ada".to_owned()]
    }
}

/// Tells the log, in words of its own.
#[derive(Debug)]
struct Doorbell;

#[async_trait]
impl Notifier for Doorbell {
    async fn notify(&self, error: &UserError) -> Result<(), BoxError> {
        tracing::info!("Rang at {}: {}.", error.recipients.join(" and "), error.text);
        Ok(())
    }
}

/// Stands before a section, and has the key to all but one.
#[derive(Debug)]
struct Porter;

#[async_trait]
impl Hooks for Porter {
    fn name(&self) -> &'static str {
        "the porter"
    }

    async fn enter_section(&self, section: &SectionName) -> Result<(), BoxError> {
        if section.as_str() == "locked" {
            return Err("the key is lost".into());
        }
        tracing::debug!("Unlocked {section}.");
        Ok(())
    }

    async fn leave_section(&self, section: &SectionName, report: &RunReport) -> Result<(), BoxError> {
        tracing::debug!("Locked {section} after {} jobs.", report.completed.values().sum::<u64>());
        Ok(())
    }
}

fn main() -> ExitCode {
    CommandLine::new(async |section: &SectionSetup| match section.role.as_deref() {
        Some("nobody") => Err("there is no role `nobody`".into()),
        _ => Ok(()),
    })
    .store(job_store_sqlite::Opener)
    .register::<Greet>()
    .register::<Fail>()
    .register::<Wait>()
    .register::<Complain>()
    .notifier(Doorbell)
    .hooks(Porter)
    .run()
}

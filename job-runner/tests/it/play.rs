//! The jobs of these tests: they do as they are told.

use crate::stage::Stage;
use job_core::{Ask, Attempt, BoxError, JsonError, RetryPolicy, RunnableJob, UniqueKey};
use serde::{Deserialize, Serialize};
use std::{sync::atomic::Ordering::SeqCst, time::Duration};

/// The delay before a retry: no jitter, so that it can be told.
pub(crate) const DELAY: Duration = Duration::from_secs(60);

/// What a job does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Act {
    /// Succeeds.
    Succeed,
    /// Fails with this text.
    Fail(String),
    /// Panics with this text.
    Panic(String),
    /// Asks for something.
    Ask(Wish),
    /// Says that it is here, and waits to be let go; then succeeds.
    Wait,
    /// As `Wait`, then fails.
    WaitAndFail,
    /// Waits until its token fires, then fails.
    Heed,
    /// Works for so many seconds, and fails when its token fires before.
    Work(u64),
    /// As `Work`, whatever its token does.
    WorkOn(u64),
    /// Fails with a text of ten megabytes, full of what no terminal and no database likes.
    Roar,
    /// Never ends, but lets others run.
    Hang,
    /// Holds its thread with work until the stage is freed.
    Spin,
    /// Holds its thread asleep until the stage is freed.
    Block,
}

/// What a job asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Wish {
    Retry,
    RetryIn(u64),
    RetryAt(String),
    Snooze(u64),
    Suspend(String),
    Cancel(String),
    TellUser(String),
}

/// A job that does as it is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Play {
    pub(crate) label: String,
    pub(crate) act: Act,
    #[serde(default)]
    pub(crate) key: Option<String>,
}

impl Play {
    pub(crate) fn new(label: &str, act: Act) -> Self {
        Self { label: label.to_owned(), act, key: None }
    }

    pub(crate) fn keyed(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    pub(crate) async fn perform(self, attempt: Attempt<Stage>) -> Result<(), BoxError> {
        let stage = attempt.context.clone();
        stage.runs(&self.label);
        match self.act {
            Act::Succeed => Ok(()),
            Act::Fail(text) => Err(text.into()),
            Act::Panic(text) => panic!("{text}"),
            Act::Ask(wish) => Err(wish.ask().into()),
            Act::Wait => stage.pass(&self.label).await,
            Act::WaitAndFail => {
                stage.pass(&self.label).await?;
                Err("told to fail".into())
            }
            Act::Heed => {
                stage.arrives(&self.label);
                attempt.cancelled().await;
                Err("told to stop".into())
            }
            Act::Work(seconds) => {
                let alive = stage.alive(&self.label);
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
                    () = attempt.cancelled() => return Err("told to stop".into()),
                }
                alive.done();
                Ok(())
            }
            Act::WorkOn(seconds) => {
                let alive = stage.alive(&self.label);
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                alive.done();
                Ok(())
            }
            Act::Roar => Err("\0 \u{1b}[2J \u{202e}".repeat(1024 * 1024).into()),
            Act::Hang => std::future::pending().await,
            Act::Spin => {
                stage.arrives(&self.label);
                while !stage.freed.load(SeqCst) {
                    std::hint::spin_loop();
                }
                Ok(())
            }
            Act::Block => {
                stage.arrives(&self.label);
                while !stage.freed.load(SeqCst) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Ok(())
            }
        }
    }
}

impl Wish {
    pub(crate) fn ask(self) -> Ask {
        match self {
            Self::Retry => Ask::Retry,
            Self::RetryIn(seconds) => Ask::RetryIn(Duration::from_secs(seconds)),
            Self::RetryAt(at) => Ask::RetryAt(at.parse().unwrap()),
            Self::Snooze(seconds) => Ask::Snooze(Duration::from_secs(seconds)),
            Self::Suspend(reason) => Ask::Suspend(reason.into()),
            Self::Cancel(reason) => Ask::Cancel(reason.into()),
            Self::TellUser(text) => Ask::TellUser(text.into()),
        }
    }
}

macro_rules! plays {
    ($($(#[$doc:meta])* $name:ident = $type_name:literal { $($item:tt)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) Play);

        impl RunnableJob<Stage> for $name {
            const TYPE: &'static str = $type_name;
            type Error = BoxError;
            $($item)*

            async fn run(self, attempt: Attempt<Stage>) -> Result<(), BoxError> {
                self.0.perform(attempt).await
            }

            fn retry_policy() -> RetryPolicy {
                RetryPolicy::fixed(DELAY).without_jitter()
            }

            fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
                self.0.key.as_ref().map(UniqueKey::of).transpose()
            }

            fn report_vars(&self) -> Vec<(String, String)> {
                vec![("label".to_owned(), self.0.label.clone())]
            }

            fn operation(&self) -> String {
                format!("playing {}", self.0.label)
            }

            fn recipients(&self) -> Vec<String> {
                vec!["ann@example.com".to_owned()]
            }
        }
    )*};
}

plays! {
    /// The usual one.
    Usual = "usual" {}
    /// Has a second.
    Brief = "brief" { const TIMEOUT: Duration = Duration::from_secs(1); }
    /// Has a second, and a lane for when that is not enough.
    Laned = "laned" {
        const TIMEOUT: Duration = Duration::from_secs(1);
        const SLOW_QUEUE: Option<&'static str> = Some("slow");
    }
}

//! Hooks that write down what they are told.

use crate::stage::count;
use async_trait::async_trait;
use job_core::{BoxError, Job, Outcome, SectionName};
use job_runner::{Changed, Hooks, RunReport};
use parking_lot::Mutex;
use std::sync::Arc;

/// What was said, in order.
pub(crate) type Said = Arc<Mutex<Vec<String>>>;

/// Writes down each call, under its name.
#[derive(Debug)]
pub(crate) struct Scribe(pub(crate) &'static str, pub(crate) Said);

impl Scribe {
    fn says(&self, what: impl std::fmt::Display) {
        self.1.lock().push(format!("{} {what}", self.0));
    }
}

#[async_trait]
impl Hooks for Scribe {
    async fn enter_section(&self, section: &SectionName) -> Result<(), BoxError> {
        self.says(format_args!("enters {section}"));
        Ok(())
    }

    async fn leave_section(&self, section: &SectionName, report: &RunReport) -> Result<(), BoxError> {
        self.says(format_args!("leaves {section} after {}", count(&report.completed, "usual")));
        Ok(())
    }

    async fn before_attempt(&self, job: &Job) -> Result<(), BoxError> {
        self.says(format_args!("before {}", job.state.attempt_count()));
        Ok(())
    }

    async fn after_attempt(&self, _: &Job, outcome: &Outcome) -> Result<(), BoxError> {
        self.says(format_args!("after {}", outcome.word()));
        Ok(())
    }

    async fn changed(&self, job: &Job, change: &Changed) -> Result<(), BoxError> {
        let why = change.outcome.as_ref().map(|it| format!(" by {}", it.word())).unwrap_or_default();
        self.says(format_args!("{} to {}{why}", change.from, job.state.status()));
        Ok(())
    }
}

/// What was said with one of these words, in order.
pub(crate) fn with(said: &Said, words: &[&str]) -> Vec<String> {
    said.lock().iter().filter(|it| words.iter().any(|word| it.contains(word))).cloned().collect()
}

//! What became of a section, as a JSON object. Its members stay as they are; new ones may be added.

use super::crew::Ended;
use crate::RunReport;
use job_core::{QueueName, SectionName, TypeName};
use serde::Serialize;
use std::collections::BTreeMap;

/// In a word.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    NotRun,
    Ran,
    /// Ran until a signal.
    Stopped,
    Disabled,
    Elsewhere,
    Failed,
}

/// What became of a section.
#[derive(Debug, Serialize)]
pub(super) struct SectionRecord<'a> {
    section: &'a SectionName,
    outcome: Outcome,
    error: Option<&'a str>,
    completed: BTreeMap<TypeName, u64>,
    incomplete: BTreeMap<TypeName, u64>,
    rescued: u64,
    stale: u64,
    gone: u64,
    zombies: u64,
    /// Of which jobs were left alone, since they are paused.
    paused_types: Vec<TypeName>,
    paused_queues: Vec<QueueName>,
}

impl<'a> SectionRecord<'a> {
    pub(super) fn new(section: &'a SectionName, outcome: Outcome, ended: &'a Ended) -> Self {
        let (error, report) = match ended {
            Ended::Ran(report) => (None, Some(report)),
            Ended::NotRun | Ended::Disabled => (None, None),
            Ended::Elsewhere(problem) => (Some(problem.as_str()), None),
            Ended::Failed(problem, report) => (Some(problem.as_str()), report.as_ref()),
        };
        let RunReport { completed, incomplete, rescued, stale, gone, zombies, paused_types, paused_queues } =
            report.cloned().unwrap_or_default();
        Self {
            section,
            outcome,
            error,
            completed,
            incomplete,
            rescued,
            stale,
            gone,
            zombies,
            paused_types,
            paused_queues,
        }
    }
}

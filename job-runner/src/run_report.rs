//! What a script did.

use job_core::{QueueName, TypeName};
use std::collections::BTreeMap;
use tracing::info;

/// What a run of a section did. A script's last lines in the log say the same.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RunReport {
    /// Jobs completed, by type.
    pub completed: BTreeMap<TypeName, u64>,
    /// Attempts that did not complete their job, by type: failed, to be tried again, released, lost.
    pub incomplete: BTreeMap<TypeName, u64>,
    /// Jobs whose lease had ended and that this run gave back or failed before it began.
    pub rescued: u64,
    /// Attempts among the incomplete ones whose job somebody else changed meanwhile, so that their end did not count.
    pub stale: u64,
    /// Attempts among the incomplete ones whose job was deleted meanwhile.
    pub gone: u64,
    /// Handlers that were given up and still ran when the run ended.
    pub zombies: u64,
    /// Types of the section of which a script left jobs alone, since they are paused.
    pub paused_types: Vec<TypeName>,
    /// Queues of the section in which a script left jobs alone, since they are paused.
    pub paused_queues: Vec<QueueName>,
}

impl RunReport {
    /// Whether the run started no job.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.completed.is_empty() && self.incomplete.is_empty()
    }

    /// Logs "Ran N TYPE jobs." and "N TYPE jobs did not complete.", sorted by type; then what pauses held back, and how to
    /// let it go. "No jobs to run." if there is nothing of all that.
    pub(crate) fn log(&self) {
        for (name, count) in &self.completed {
            info!(job.type = %name, jobs = count, "Ran {count} {name} jobs.");
        }
        for (name, count) in &self.incomplete {
            info!(job.type = %name, jobs = count, "{count} {name} jobs did not complete.");
        }
        for name in &self.paused_types {
            info!(
                job.type = %name,
                "Type {name} is paused, and jobs of it wait; to let them run: `types resume {name}`."
            );
        }
        for name in &self.paused_queues {
            info!(
                queue.name = %name,
                "Queue {name} is paused, and jobs in it wait; to let them run: `queues resume {name}`."
            );
        }
        if self.is_idle() && self.paused_types.is_empty() && self.paused_queues.is_empty() {
            info!("No jobs to run.");
        }
    }

    pub(crate) fn count_completed(&mut self, name: &TypeName) {
        count(&mut self.completed, name);
    }

    pub(crate) fn count_incomplete(&mut self, name: &TypeName) {
        count(&mut self.incomplete, name);
    }
}

fn count(counts: &mut BTreeMap<TypeName, u64>, name: &TypeName) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.clone(), 1);
        }
    }
}

//! What a failed assertion about waiting jobs says: what was looked for, and what there is.

use super::list::Found;
use job_core::{Job, JobStatus, store::StoreError};
use std::fmt::{self, Write};

/// The most jobs that a message shows.
const SHOWN_MOST: usize = 10;

/// An expectation about waiting jobs that does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unmet {
    /// Too few or too many jobs fit.
    #[error("{0}")]
    Missing(String),
    /// Jobs fit, and should not.
    #[error("{0}")]
    Unwanted(String),
    /// The store could not be asked.
    #[error("the store broke: {}", job_core::Text::of_error(.0))]
    Store(#[from] StoreError),
}

impl Unmet {
    pub(super) fn missing(wanted: &str, count: Option<usize>, found: Found) -> Self {
        let mut text = match (count, found.fit.len()) {
            (Some(count), fit) => {
                format!("{} as expected, not {count}: {wanted}\n", waiting(fit, "fits", "fit"))
            }
            (None, _) => format!("no waiting job is as expected: {wanted}\n"),
        };
        let fit = found.fit.into_iter().map(|job| (job, Vec::new()));
        let all: Vec<(Job, Vec<String>)> = fit.chain(found.others).collect();
        match all.len() {
            0 => text.push_str("no job waits"),
            1 => text.push_str("the one that waits:"),
            n => write(&mut text, format_args!("the {n} that wait, the nearest first:")),
        }
        list(&mut text, &all);
        if found.unreadable > 0 {
            write(&mut text, format_args!("\nrows that wait and cannot be read: {}", found.unreadable));
        }
        if !found.elsewhere.is_empty() {
            let count = |(status, n): &(JobStatus, u64)| format!("{n} {status}");
            let counts: Vec<String> = found.elsewhere.iter().map(count).collect();
            write(&mut text, format_args!("\nof this type, but not waiting: {}", counts.join(", ")));
        }
        Self::Missing(text)
    }

    pub(super) fn unwanted(wanted: &str, found: &Found) -> Self {
        let mut text = format!("{} and should not: {wanted}", waiting(found.fit.len(), "fits", "fit"));
        let fit: Vec<(Job, Vec<String>)> = found.fit.iter().map(|it| (it.clone(), Vec::new())).collect();
        list(&mut text, &fit);
        Self::Unwanted(text)
    }
}

fn waiting(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 waiting job {one}") } else { format!("{n} waiting jobs {many}") }
}

fn list(text: &mut String, jobs: &[(Job, Vec<String>)]) {
    for (job, missed) in jobs.iter().take(SHOWN_MOST) {
        let spec = &job.spec;
        write(text, format_args!("\n  {}, queue: {}", spec.type_name, job.state.queue()));
        write(text, format_args!(", due: {}", job.state.scheduled_start()));
        if let Some(target) = &spec.target {
            write(text, format_args!(", target: {target}"));
        }
        for tag in &spec.tags {
            write(text, format_args!(", tag: {tag}"));
        }
        if let Some(requester) = &spec.requester {
            write(text, format_args!(", requester: {requester}"));
        }
        if spec.priority != 0 {
            write(text, format_args!(", priority: {}", spec.priority));
        }
        if job.state.attempt_count() != 0 {
            write(text, format_args!(", attempts: {}", job.state.attempt_count()));
        }
        write(text, format_args!(", args: {} (job {})", spec.args.as_str(), job.id));
        if !missed.is_empty() {
            write(text, format_args!("\n    but not {}", missed.join(", ")));
        }
    }
    if jobs.len() > SHOWN_MOST {
        write(text, format_args!("\n  and {} more", jobs.len() - SHOWN_MOST));
    }
}

fn write(text: &mut String, what: fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(what);
}

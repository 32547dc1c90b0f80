//! All about one job, for people.

use super::record::{Full, scope, value};
use crate::command_line::{
    dated::Dated,
    when::{from, to_the_second},
};
use job_core::{ActionNote, AttemptNote, Job, JobStatus, LogLevel, LogNote, Timestamp};
use std::fmt::{self, Display};

/// A job and its notes, as text.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub(super) job: &'a Job,
    pub(super) full: &'a Full<'a>,
    pub(super) now: Timestamp,
}

/// Where values begin.
const INDENT: usize = 17;

impl Display for Sheet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Job { id, spec, state } = self.job;
        write!(f, "{} job {id}: {}", spec.type_name, state.status())?;
        entry(f, "queue", format_args!("{}, priority {}", state.queue(), spec.priority))?;
        entry(f, "attempts", self.attempts())?;
        entry(f, "created", self.time(spec.date_created))?;
        if matches!(state.status(), JobStatus::Waiting | JobStatus::Suspended) {
            entry(f, "not before", self.time(state.scheduled_start()))?;
            if !self.full.paused.is_empty() {
                entry(f, "paused", self.full.paused.join(", "))?;
            }
        }
        maybe(f, "started", state.date_started().map(|it| self.time(it)))?;
        maybe(f, "finished", state.date_finished().map(|it| self.time(it)))?;
        if let Some(lease) = state.lease() {
            entry(f, "lease", format_args!("until {}, held by {}", self.time(lease.expires), lease.holder))?;
            maybe(
                f,
                "progress",
                lease.progress.as_ref().map(|it| match &it.text {
                    Some(text) => format!("{} %, {text}", it.percent),
                    None => format!("{} %", it.percent),
                }),
            )?;
        }
        maybe(f, "target", spec.target.as_ref())?;
        if !spec.tags.is_empty() {
            entry(f, "tags", spec.tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))?;
        }
        maybe(f, "requester", spec.requester.as_ref())?;
        maybe(
            f,
            "unique key",
            spec.unique.as_ref().map(|it| {
                let held = if state.held_key().is_some() { "held" } else { "free" };
                format!("{} (scope {}, {held} now)", it.key, scope(it.scope))
            }),
        )?;
        maybe(f, "turn", spec.turn.as_ref())?;
        maybe(f, "superseded by", state.superseded_by())?;
        maybe(f, "reason", state.reason())?;
        maybe(f, "last error", state.last_error())?;
        entry(f, "args", format_args!("{:#}", value(&spec.args)))?;
        part(f, "Attempts that did not succeed", &self.full.attempts, attempt)?;
        part(f, "Log", &self.full.log, line)?;
        part(f, "Actions", &self.full.actions, action)
    }
}

impl Sheet<'_> {
    fn attempts(&self) -> String {
        let (count, crashes) = (self.job.state.attempt_count(), self.job.state.crash_count());
        let most = u64::from(self.job.spec.max_retries) + 1;
        match crashes {
            0 => format!("{count} of {most}"),
            _ => format!("{count} of {most}, {crashes} of which lost their runner"),
        }
    }

    fn time(&self, at: Timestamp) -> String {
        format!("{} ({})", to_the_second(at), from(self.now, at))
    }
}

fn entry(f: &mut fmt::Formatter<'_>, name: &str, value: impl Display) -> fmt::Result {
    // All lines of a value begin where its first does.
    let value = value.to_string().replace('\n', &format!("\n{:INDENT$}", ""));
    write!(f, "\n  {name:<width$}{value}", width = INDENT - 2)
}

fn maybe(f: &mut fmt::Formatter<'_>, name: &str, value: Option<impl Display>) -> fmt::Result {
    value.map_or(Ok(()), |value| entry(f, name, value))
}

fn part<T>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    notes: &[Dated<T>],
    said: impl Fn(&T) -> String,
) -> fmt::Result {
    if !notes.is_empty() {
        write!(f, "\n\n{title}")?;
    }
    for note in notes {
        let said = said(&note.body).replace('\n', "\n    ");
        write!(f, "\n  {}  {said}", to_the_second(note.at))?;
    }
    Ok(())
}

fn attempt(note: &AttemptNote) -> String {
    let mut text = format!("attempt {}: {}", note.attempt, note.outcome);
    if let Some(report) = &note.report {
        text += &format!(" (report {report})");
    }
    if let Some(error) = &note.error {
        text += &format!("\n{error}");
    }
    text
}

fn line(note: &LogNote) -> String {
    let level = match note.level {
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warn => "WARN",
        LogLevel::Error => "ERROR",
    };
    format!("attempt {}: {level:<5} {}", note.attempt, note.text)
}

fn action(note: &ActionNote) -> String {
    let reason = note.reason.as_ref().map_or(String::new(), |it| format!(": {it}"));
    format!("{} by {}{reason}", note.action, note.who)
}

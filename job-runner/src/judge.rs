//! What the end of an attempt means: from an outcome to the change that the store is sent.

use crate::{Registry, clock::RunnerClock};
use job_core::{
    ActorId, Ask, AttemptNote, Change, InvalidTransition, Job, JobState, JobStatus, Note, Notice, Outcome,
    Policy, Text, Timestamp, Verdict, settle,
};
use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tracing::error;

/// Decides with [`settle`], and writes down what it decided.
#[derive(Debug)]
pub(crate) struct Judge<C> {
    pub(crate) registry: Arc<Registry<C>>,
    pub(crate) clock: Arc<RunnerClock>,
    pub(crate) by: ActorId,
    pub(crate) crash_limit: u32,
    pub(crate) delete_completed: bool,
    reports: AtomicU64,
}

/// An end that was judged, until the store has answered to its change.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) job: Arc<Job>,
    /// The outcome in a word.
    pub(crate) word: &'static str,
    /// What went wrong, in one text.
    pub(crate) error: Text,
    /// The error and its sources, the outermost first.
    pub(crate) errors: Vec<Text>,
    /// What the requester is to be told.
    pub(crate) tell: Option<Text>,
    pub(crate) notice: Notice,
    /// The id of the report to be made.
    pub(crate) report: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) ran: Duration,
    /// Whether the change was sent before, and the reply was lost.
    pub(crate) resent: bool,
}

/// An end and its change.
pub(crate) type Sentence = (Change, Judged);

/// How an attempt ended: the outcome, and its error's texts.
pub(crate) type Ending = (Outcome, Vec<Text>);

impl<C: Clone + Send + Sync + 'static> Judge<C> {
    pub(crate) fn new(
        registry: Arc<Registry<C>>,
        clock: Arc<RunnerClock>,
        by: ActorId,
        crash_limit: u32,
        delete_completed: bool,
    ) -> Self {
        Self { registry, clock, by, crash_limit, delete_completed, reports: AtomicU64::new(0) }
    }

    /// The attempt at `job` that ran for `ran` ended like this. If the job waits again, then for after `due_by`, so
    /// that the run that ended it does not take it again. `None` if its state allows no end; that is logged.
    pub(crate) fn end(
        &self,
        job: Arc<Job>,
        ending: Ending,
        due_by: Option<Timestamp>,
        ran: Duration,
    ) -> Option<Sentence> {
        let now = self.clock.now();
        let first = self.verdict(&job, &ending.0, now);
        let waits = first.as_ref().ok().filter(|it| it.next.status() == JobStatus::Waiting);
        let verdict = match waits.zip(due_by) {
            Some((verdict, due_by)) if verdict.next.scheduled_start() <= due_by => {
                let after = due_by + Duration::from_micros(1);
                self.verdict(&job, &not_before(&ending.0, after), now.max(after))
            }
            _ => first,
        };
        let verdict = verdict.map_err(|error| refused(&job, &error)).ok()?;
        let change = self.change(&job, verdict.next, now);
        let change = if self.delete_completed { change.deleting_completed() } else { change };
        Some(self.sentence(job, change, ending, verdict.notice, now, ran))
    }

    /// The attempt at `job` is given back, as if it had not been claimed.
    pub(crate) fn release(&self, job: Arc<Job>) -> Option<Sentence> {
        let now = self.clock.now();
        let next = job.release().map_err(|error| refused(&job, &error)).ok()?;
        let change = self.change(&job, next, now);
        let judged = Judged {
            job,
            word: "release",
            error: Text::from("its attempt was given back"),
            errors: Vec::new(),
            tell: None,
            notice: Notice::Quiet,
            report: None,
            at: now,
            ran: Duration::ZERO,
            resent: false,
        };
        Some((change, judged))
    }

    /// The lease of `job` ended by `now`, the store's time, and its runner was not heard of again.
    pub(crate) fn lapse(&self, job: Arc<Job>, now: Timestamp) -> Option<Sentence> {
        let verdict =
            self.verdict(&job, &Outcome::Lapsed, now).map_err(|error| refused(&job, &error)).ok()?;
        let errors = verdict.next.last_error().cloned().into_iter().collect();
        let change = self.change(&job, verdict.next, now).if_lapsed(now);
        Some(self.sentence(job, change, (Outcome::Lapsed, errors), verdict.notice, now, Duration::ZERO))
    }

    /// The change to `next`. Whoever holds the key it takes back will do the work.
    fn change(&self, job: &Job, next: JobState, now: Timestamp) -> Change {
        let change = Change::new(job, next, self.by);
        if change.takes_key { change.or_supersede(job, now) } else { change }
    }

    fn verdict(&self, job: &Job, outcome: &Outcome, now: Timestamp) -> Result<Verdict, InvalidTransition> {
        let policy = self.registry.get(&job.spec.type_name).map(|it| &it.policy);
        match (outcome, policy) {
            (Outcome::Done, Some(policy)) => settle(job, outcome, policy, now),
            (_, policy) => {
                let policy = policy.cloned().unwrap_or_default();
                let drawn = Policy { seed: self.clock.seed(), crash_limit: self.crash_limit, ..policy };
                settle(job, outcome, &drawn, now)
            }
        }
    }

    fn sentence(
        &self,
        job: Arc<Job>,
        change: Change,
        (outcome, errors): Ending,
        notice: Notice,
        at: Timestamp,
        ran: Duration,
    ) -> Sentence {
        let report = (notice == Notice::Report).then(|| self.report_id());
        let error = outcome.error().or_else(|| errors.first().cloned());
        let change = match self.note(&job, &outcome, error.clone(), report.clone(), at) {
            Some(note) => change.with_note(note),
            None => change,
        };
        let tell = match &outcome {
            Outcome::Asked(Ask::TellUser(text), _) => Some(text.clone()),
            _ => None,
        };
        let word = outcome.word();
        let error = error.unwrap_or_else(|| Text::from(word));
        (change, Judged { job, word, error, errors, tell, notice, report, at, ran, resent: false })
    }

    /// Attempts that did not succeed are kept, but for snoozes: a job may snooze a thousand times, and nothing happened.
    fn note(
        &self,
        job: &Job,
        outcome: &Outcome,
        error: Option<Text>,
        report: Option<String>,
        finished: Timestamp,
    ) -> Option<Note> {
        if matches!(outcome, Outcome::Done | Outcome::Asked(Ask::Snooze(_), _)) {
            return None;
        }
        let body = AttemptNote {
            attempt: job.state.attempt_count(),
            outcome: outcome.word().to_owned(),
            error,
            runner: job.state.lease().map_or(self.by, |it| it.holder),
            started: job.state.date_started(),
            finished,
            report,
        };
        Note::attempt(job.id, &body).ok()
    }

    /// A fresh id for an error report: the run's own digits, and a number.
    pub(crate) fn report_id(&self) -> String {
        let mut id = self.by.to_string();
        id.truncate(12);
        format!("{id}-{}", self.reports.fetch_add(1, Relaxed) + 1)
    }
}

/// The outcome, if it asks for a time, at `earliest` at the earliest.
fn not_before(outcome: &Outcome, earliest: Timestamp) -> Outcome {
    match outcome {
        Outcome::Asked(Ask::RetryAt(at), text) => {
            Outcome::Asked(Ask::RetryAt((*at).max(earliest)), text.clone())
        }
        other => other.clone(),
    }
}

fn refused(job: &Job, problem: &dyn Display) {
    error!(job.id = %job.id, "The end of job {} cannot be stored, it is left to its lease: {problem}", job.id);
}

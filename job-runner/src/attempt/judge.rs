//! What the end of an attempt means: from an outcome to the change that the store is sent.

use crate::{
    Registry,
    attempt::{
        ending::{Cause, Ending},
        panic::catching,
    },
    clock::RunnerClock,
    metrics::Event,
};
use job_core::{
    ActorId, Ask, AttemptNote, Change, InvalidTransition, Job, JobState, JobStatus, Note, Notice, Outcome,
    Policy, RetryPolicy, Text, Timestamp, Verdict, settle,
};
use std::{fmt::Display, sync::Arc, time::Duration};
use tracing::error;

/// Decides with [`settle`], and writes down what it decided.
#[derive(Debug)]
pub(crate) struct Judge<C> {
    pub(crate) registry: Arc<Registry<C>>,
    pub(crate) clock: Arc<RunnerClock>,
    pub(crate) by: ActorId,
    pub(crate) crash_limit: u32,
    pub(crate) delete_completed: bool,
}

/// An end that was judged, until the store has answered to its change.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) job: Arc<Job>,
    /// The outcome in a word.
    pub(crate) word: &'static str,
    /// What went wrong, in one text.
    pub(crate) error: Text,
    pub(crate) cause: Cause,
    /// How the attempt ended; none if it is given back.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) notice: Notice,
    /// What is counted, if the store takes it.
    pub(crate) event: Event,
    pub(crate) at: Timestamp,
    pub(crate) ran: Duration,
    /// Whether the change was sent before, and the reply was lost.
    pub(crate) resent: bool,
    /// Whether it is sent by itself, because the store failed at a batch that it was in.
    pub(crate) apart: bool,
}

/// An end and its change.
pub(crate) type Sentence = (Change, Judged);

impl<C: Clone + Send + Sync + 'static> Judge<C> {
    pub(crate) fn new(
        registry: Arc<Registry<C>>,
        clock: Arc<RunnerClock>,
        by: ActorId,
        crash_limit: u32,
        delete_completed: bool,
    ) -> Self {
        Self { registry, clock, by, crash_limit, delete_completed }
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
        let (outcome, policy) = (&ending.outcome, self.policy(&job, &ending));
        let first = verdict(&job, outcome, &policy, now);
        let waits = first.as_ref().ok().filter(|it| it.next.status() == JobStatus::Waiting);
        let verdict = match waits.zip(due_by) {
            Some((waits, due_by)) if waits.next.scheduled_start() <= due_by => {
                let after = due_by + Duration::from_micros(1);
                verdict(&job, &not_before(outcome, after), &policy, now.max(after))
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
            cause: Cause::default(),
            outcome: None,
            notice: Notice::Quiet,
            event: Event::Released,
            at: now,
            ran: Duration::ZERO,
            resent: false,
            apart: false,
        };
        Some((change, judged))
    }

    /// The lease of `job` ended by `now`, the store's time, and its runner was not heard of again.
    pub(crate) fn lapse(&self, job: Arc<Job>, now: Timestamp) -> Option<Sentence> {
        let ending = Ending::from(Outcome::Lapsed);
        let policy = self.policy(&job, &ending);
        let verdict = verdict(&job, &ending.outcome, &policy, now);
        let verdict = verdict.map_err(|error| refused(&job, &error)).ok()?;
        let errors = verdict.next.last_error().cloned().into_iter().collect();
        let ending = Ending { cause: Cause { errors, ..Cause::default() }, ..ending };
        let change = self.change(&job, verdict.next, now).if_lapsed(now);
        Some(self.sentence(job, change, ending, verdict.notice, now, Duration::ZERO))
    }

    /// The change to `next`. Whoever holds the key it takes back will do the work.
    fn change(&self, job: &Job, next: JobState, now: Timestamp) -> Change {
        let change = Change::new(job, next, self.by);
        if change.takes_key { change.or_supersede(job, now) } else { change }
    }

    /// The type's policy, with all that is drawn and known for this ending.
    fn policy(&self, job: &Job, ending: &Ending) -> Policy {
        let policy = self.registry.get(&job.spec.type_name).map(|it| &it.policy);
        if ending.outcome == Outcome::Done {
            return Policy::default();
        }
        let policy = policy.cloned().unwrap_or_default();
        Policy {
            retry: ending.retry.as_deref().cloned().unwrap_or(policy.retry),
            seed: self.clock.seed(),
            crash_limit: self.crash_limit,
            progressed: ending.progressed,
            slow_queue: policy.slow_queue,
        }
    }

    fn sentence(
        &self,
        job: Arc<Job>,
        change: Change,
        Ending { outcome, cause, .. }: Ending,
        notice: Notice,
        at: Timestamp,
        ran: Duration,
    ) -> Sentence {
        let report = (notice == Notice::Report).then(|| report_id(&job));
        let error = outcome.error().or_else(|| cause.errors.first().cloned());
        let change = match self.note(&job, &outcome, error.clone(), report, at) {
            Some(note) => change.with_note(note),
            None => change,
        };
        let (word, event) = (outcome.word(), Event::of(&outcome, change.next.status()));
        let error = error.unwrap_or_else(|| Text::from(word));
        let outcome = Some(outcome);
        (
            change,
            Judged { job, word, error, cause, outcome, notice, event, at, ran, resent: false, apart: false },
        )
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
        Some(Note::attempt(job.id, &body))
    }
}

/// The id of the error report about the attempt at `job`: the same whoever makes it, and however often.
pub(crate) fn report_id(job: &Job) -> String {
    format!("{}-{}", job.id, job.state.revision().number())
}

/// What [`settle`] says; a policy of the type's own that panics is replaced by the default one.
fn verdict(
    job: &Job,
    outcome: &Outcome,
    policy: &Policy,
    now: Timestamp,
) -> Result<Verdict, InvalidTransition> {
    catching(|| settle(job, outcome, policy, now)).unwrap_or_else(|panic| {
        let name = &job.spec.type_name;
        error!(job.type = %name, "The retry policy of {name} panicked, the default one is used: {panic}");
        let policy = Policy { retry: RetryPolicy::default(), ..policy.clone() };
        settle(job, outcome, &policy, now)
    })
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

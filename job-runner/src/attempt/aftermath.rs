//! What follows once the store has answered: counts, logs, reports, hooks, and word to those concerned.

use crate::{
    Changed, Registry, RunReport,
    attempt::judge::{Judged, Sentence},
    backoff::millis,
    clock::RunnerClock,
    hook_calls::HookCalls,
    metrics::{Event, Metrics},
    reporting::reports::{Failed, Reports},
};
use job_core::{Ask, Job, JobState, JobStatus, Notice, Outcome, Reply, Then};
use std::{sync::Arc, time::Duration};
use tracing::{debug, info, warn};

/// Keeps the count of a run, and tells whoever is to hear of an end.
pub(crate) struct Aftermath<C> {
    pub(crate) registry: Arc<Registry<C>>,
    pub(crate) clock: Arc<RunnerClock>,
    pub(crate) reports: Reports,
    pub(crate) hooks: Arc<HookCalls>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) run: RunReport,
}

impl<C: Clone + Send + Sync + 'static> Aftermath<C> {
    /// The store answered `reply` to an end that counts for this run.
    pub(crate) fn settled(&mut self, (change, judged): Sentence, reply: Reply) {
        let name = judged.job.spec.type_name.clone();
        if judged.event != Event::Released {
            self.metrics.ran(&name, judged.ran);
        }
        let completes = change.next.status() == JobStatus::Completed;
        match reply {
            Reply::Applied | Reply::AlreadyApplied if completes => self.completed(&judged, change.next),
            // Its own completion was applied, and the reply lost with the row.
            Reply::Gone if judged.resent && change.then == Then::Delete => {
                self.completed(&judged, change.next)
            }
            Reply::Gone => {
                self.run.count_incomplete(&name);
                self.run.gone += 1;
                self.metrics.count(Event::Gone, &name);
                let id = judged.job.id;
                info!(job.id = %id, job.type = %name, "The {name} job {id} was deleted while it ran.");
            }
            reply if reply.is_applied() => {
                self.run.count_incomplete(&name);
                self.told((change, judged), reply);
            }
            _ => {
                self.run.count_incomplete(&name);
                self.run.stale += 1;
                self.metrics.count(Event::Stale, &name);
                let (id, outcome) = (judged.job.id, judged.word);
                warn!(
                    job.id = %id, job.type = %name, outcome,
                    "The {name} job {id} was changed by somebody else while it ran; this end of it ({outcome}) does not count."
                );
            }
        }
    }

    /// A job completed in its handler's own transaction, which ran for `ran`.
    pub(crate) fn proven(&mut self, job: &Arc<Job>, ran: Duration) {
        let name = &job.spec.type_name;
        self.run.count_completed(name);
        self.metrics.ran(name, ran);
        self.metrics.count(Event::Completed, name);
        if let Ok(next) = job.complete(self.clock.now()) {
            self.changed(job, next, Some(Outcome::Done));
        }
    }

    /// A job was taken from a runner that was not heard of again.
    pub(crate) fn rescued(&mut self, sentence: Sentence, reply: Reply) {
        self.run.rescued += 1;
        self.metrics.count(Event::Rescued, &sentence.1.job.spec.type_name);
        self.told(sentence, reply);
    }

    /// Tells of an end that the store has taken and that completes nothing.
    fn told(&self, (change, judged): Sentence, reply: Reply) {
        let (id, name) = (judged.job.id, judged.job.spec.type_name.clone());
        let (outcome, duration_ms) = (judged.word, millis(judged.ran));
        let attempt = judged.job.state.attempt_count();
        let error = &judged.error;
        if let Reply::Superseded { by } = reply {
            self.metrics.count(Event::Superseded, &name);
            if let Some(next) = change.if_taken.superseded_by(by) {
                self.changed(&judged.job, next, judged.outcome.clone());
            }
            info!(
                job.id = %id, job.type = %name, attempt, outcome, duration_ms,
                "The {name} job {id} gives way to job {by}, which holds its unique key: {error}"
            );
            return;
        }
        let start = change.next.scheduled_start();
        self.metrics.count(judged.event, &name);
        self.changed(&judged.job, change.next.clone(), judged.outcome.clone());
        match judged.notice {
            Notice::Quiet => info!(
                job.id = %id, job.type = %name, attempt, outcome, duration_ms,
                "The {name} job {id} is {} now: {error}", change.next.status()
            ),
            Notice::Expected => info!(
                job.id = %id, job.type = %name, attempt, outcome, duration_ms,
                "The {name} job {id} is to be tried again at {start}: {error}"
            ),
            Notice::Warn => warn!(
                job.id = %id, job.type = %name, attempt, outcome, duration_ms,
                "The {name} job {id} failed, and is to be tried again at {start}: {error}"
            ),
            Notice::User => {
                let text = match &judged.outcome {
                    Some(Outcome::Asked(Ask::TellUser(text), _)) => text.clone(),
                    _ => error.clone(),
                };
                self.reports.tell(self.failed(judged), text);
            }
            Notice::Report => self.reports.report(self.failed(judged)),
        }
    }

    fn completed(&mut self, judged: &Judged, next: JobState) {
        let (id, name) = (judged.job.id, &judged.job.spec.type_name);
        let attempt = judged.job.state.attempt_count();
        debug!(
            job.id = %id, job.type = %name, attempt, duration_ms = millis(judged.ran),
            "Completed {name} job {id}."
        );
        self.run.count_completed(name);
        self.metrics.count(Event::Completed, name);
        self.changed(&judged.job, next, judged.outcome.clone());
    }

    /// The running `job` is in the state `next` now, because its attempt ended so.
    fn changed(&self, job: &Arc<Job>, next: JobState, outcome: Option<Outcome>) {
        if !self.hooks.is_empty() {
            let now = Job { state: next, ..(**job).clone() };
            let change = Changed { from: job.state.status(), outcome };
            self.hooks.changed(self.registry.subject(&Arc::new(now)), change);
        }
    }

    fn failed(&self, judged: Judged) -> Failed {
        let subject = self.registry.subject(&judged.job);
        Failed { subject, outcome: judged.word, cause: judged.cause, time: judged.at }
    }
}

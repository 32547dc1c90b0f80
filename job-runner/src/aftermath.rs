//! What follows once the store has answered: counts, logs, reports, and word to those concerned.

use crate::{
    Registry, RunReport,
    backoff::millis,
    judge::{Judge, Judged, Sentence},
    reports::{Failed, Reports},
};
use job_core::{JobStatus, Notice, Reply, Then, TypeName};
use std::sync::Arc;
use tracing::{debug, info, warn};

/// Keeps the count of a run, and tells whoever is to hear of an end.
pub(crate) struct Aftermath<C> {
    pub(crate) registry: Arc<Registry<C>>,
    pub(crate) judge: Arc<Judge<C>>,
    pub(crate) reports: Reports,
    pub(crate) run: RunReport,
}

impl<C: Clone + Send + Sync + 'static> Aftermath<C> {
    /// The store answered `reply` to an end that counts for this run.
    pub(crate) fn settled(&mut self, (change, judged): Sentence, reply: Reply) {
        let name = judged.job.spec.type_name.clone();
        let completes = change.next.status() == JobStatus::Completed;
        match reply {
            Reply::Applied | Reply::AlreadyApplied if completes => self.completed(&judged),
            // Its own completion was applied, and the reply lost with the row.
            Reply::Gone if judged.resent && change.then == Then::Delete => self.completed(&judged),
            Reply::Gone => {
                self.run.count_incomplete(&name);
                self.run.gone += 1;
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
                let (id, outcome) = (judged.job.id, judged.word);
                warn!(
                    job.id = %id, job.type = %name, outcome,
                    "The {name} job {id} was changed by somebody else while it ran; this end of it ({outcome}) does not count."
                );
            }
        }
    }

    /// A job completed in its handler's own transaction.
    pub(crate) fn proven(&mut self, name: &TypeName) {
        self.run.count_completed(name);
    }

    /// Tells of an end that the store has taken and that completes nothing.
    pub(crate) fn told(&self, (change, judged): Sentence, reply: Reply) {
        let (id, name) = (judged.job.id, judged.job.spec.type_name.clone());
        let (outcome, duration_ms) = (judged.word, millis(judged.ran));
        let attempt = judged.job.state.attempt_count();
        let error = &judged.error;
        if let Reply::Superseded { by } = reply {
            info!(
                job.id = %id, job.type = %name, attempt, outcome, duration_ms,
                "The {name} job {id} gives way to job {by}, which holds its unique key: {error}"
            );
            return;
        }
        let start = change.next.scheduled_start();
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
                let text = judged.tell.clone().unwrap_or_else(|| error.clone());
                let report = self.judge.report_id();
                self.reports.tell(self.failed(judged), text, report);
            }
            Notice::Report => {
                if let Some(report) = judged.report.clone() {
                    self.reports.report(self.failed(judged), report);
                }
            }
        }
    }

    fn completed(&mut self, judged: &Judged) {
        let (id, name) = (judged.job.id, &judged.job.spec.type_name);
        let attempt = judged.job.state.attempt_count();
        debug!(
            job.id = %id, job.type = %name, attempt, duration_ms = millis(judged.ran),
            "Completed {name} job {id}."
        );
        self.run.count_completed(name);
    }

    fn failed(&self, judged: Judged) -> Failed {
        let reporting = self.registry.get(&judged.job.spec.type_name).map(|it| it.reporting());
        Failed { job: judged.job, reporting, outcome: judged.word, errors: judged.errors, time: judged.at }
    }
}

//! Starts attempts: decodes the args, runs the handler, and tells how it ended, whatever it does.

use crate::{
    Changed, Registry,
    attempt::{
        attempts::Attempts,
        call::Call,
        ending::Ending,
        handlers::{Handlers, Task},
        running::Running,
    },
    clock::{Instant, RunnerClock},
    entry::{Entry, Terms},
    hook_calls::HookCalls,
    metrics::Metrics,
    reporting::span_fields::{ATTEMPT, SpanFields},
};
use job_core::{
    Job, JobStatus, Outcome, Text,
    store::{Claimed, Unreadable},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc::UnboundedSender;
use tracing::{Instrument, error, info, info_span};

/// How long an attempt without a handler may last: it ends as soon as it is looked at.
const NO_TIMEOUT: Duration = Duration::from_secs(3600);

/// Starts what was claimed.
pub(crate) struct Executor<C> {
    pub(crate) registry: Arc<Registry<C>>,
    pub(crate) context: Arc<C>,
    pub(crate) terms: Terms,
    pub(crate) clock: Arc<RunnerClock>,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) handlers: Arc<Handlers>,
    pub(crate) hooks: Arc<HookCalls>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) ended: UnboundedSender<Ended>,
}

/// An attempt has ended, or a zombie is gone.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) running: Arc<Running>,
    pub(crate) end: End,
}

/// How.
#[derive(Debug)]
pub(crate) enum End {
    /// Completed in the handler's own transaction: there is nothing to write.
    Proven,
    /// To be judged.
    Outcome(Ending),
    /// Given back, as if it had not been claimed.
    Released,
    /// It was given up long ago, and its handler has ended now.
    Left,
}

impl Ended {
    /// The runner itself decides that it failed, while its handler may be running.
    pub(crate) fn failed(running: Arc<Running>, outcome: Outcome) -> Self {
        let ending = Ending::from(outcome).seen(&running);
        Self { running, end: End::Outcome(ending) }
    }
}

impl<C: Clone + Send + Sync + 'static> Executor<C> {
    /// Starts what was claimed; its leases are in doubt at `fence`.
    pub(crate) fn start(&self, claimed: Claimed, fence: Instant) {
        let mut running = self.unreadable(&claimed.unreadable);
        running.reserve(claimed.jobs.len());
        let mut tasks = Vec::with_capacity(claimed.jobs.len());
        for job in claimed.jobs {
            let name = &job.spec.type_name;
            let Some(entry) = self.registry.get(name).cloned() else {
                // The store gave what it was not asked for.
                let text = Text::new(format_args!("no job type {name} is registered here"));
                running.push(self.end(job, undecodable(text)));
                continue;
            };
            let one = Arc::new(Running::new(job, entry.timeout, self.clock.clone()));
            running.push(one.clone());
            self.tell_of_claim(&one);
            let handler = self.attend(entry, one.clone());
            tasks.push(Task { running: one, handler: Box::pin(handler) });
        }
        // Known before they run, so that none ends before the others know of it.
        self.add(&running, fence);
        self.handlers.admit(tasks);
    }

    /// Gives back what was claimed, without starting it.
    pub(crate) fn release(&self, claimed: Claimed, fence: Instant) {
        let mut running = self.unreadable(&claimed.unreadable);
        running.extend(claimed.jobs.into_iter().map(|job| self.end(job, End::Released)));
        self.add(&running, fence);
    }

    fn add(&self, running: &[Arc<Running>], fence: Instant) {
        self.attempts.add(running, fence).iter().for_each(|it| it.log_lost());
    }

    /// Rows that do not decode were started by the claim, so that they can be failed.
    fn unreadable(&self, rows: &[Unreadable]) -> Vec<Arc<Running>> {
        let failed = rows.iter().filter_map(|row| {
            let text = Text::of_error(row);
            let Some(job) = row.stand_in() else {
                error!(job.id = %row.id, "{text}; it stays as it is, since its state cannot be read either");
                return None;
            };
            Some(self.end(job, undecodable(text)))
        });
        failed.collect()
    }

    /// An attempt that ends before it starts.
    fn end(&self, job: Job, end: End) -> Arc<Running> {
        let running = Arc::new(Running::new(job, NO_TIMEOUT, self.clock.clone()));
        running.end_unstarted();
        self.tell_of_claim(&running);
        // The receiver is gone only when the run is over.
        let _ = self.ended.send(Ended { running: running.clone(), end });
        running
    }

    /// A claim has made it run, whether its handler starts or not.
    fn tell_of_claim(&self, running: &Running) {
        if !self.hooks.is_empty() {
            let change = Changed { from: JobStatus::Waiting, outcome: None };
            self.hooks.changed(self.registry.subject(&running.job), change);
        }
    }

    /// One attempt, from its start to its end.
    fn attend(
        &self,
        entry: Arc<Entry<C>>,
        running: Arc<Running>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (context, terms, clock) = (self.context.clone(), self.terms, self.clock.clone());
        let (hooks, metrics, ended) = (self.hooks.clone(), self.metrics.clone(), self.ended.clone());
        let job = &running.job;
        let span = info_span!(
            ATTEMPT,
            job.id = %job.id,
            job.type = %job.spec.type_name,
            queue.name = %job.state.queue(),
            attempt = job.state.attempt_count(),
        );
        if let Some(span) = SpanFields::find(&span) {
            let _ = running.span.set(span);
        }
        async move {
            // While it waited in line, its lease came in doubt, or it was lost.
            if running.told().is_some() && running.give_up_queued() {
                let _ = ended.send(Ended { running, end: End::Released });
                return;
            }
            if !running.start() {
                return;
            }
            let Job { id, spec, state } = &*running.job;
            let (name, attempt) = (&spec.type_name, state.attempt_count());
            info!(parent: None, job.id = %id, job.type = %name, attempt, "Running {name} job {id} (attempt {attempt}).");
            metrics.started(name, clock.now().since(state.scheduled_start()));
            let about = (!hooks.is_empty()).then(|| entry.subject(&running.job));
            if let Some(about) = &about {
                // Apart, so that attempts without hooks carry no room for this.
                Box::pin(hooks.before_attempt(about)).await;
                if running.is_decided() {
                    // They took all its time.
                    running.end();
                    let _ = ended.send(Ended { running, end: End::Left });
                    return;
                }
            }
            let handle = running.clone();
            let call = Call { entry: &entry, context: &*context, terms, clock, running: &running, handle };
            let end = call.run().await.map_or(End::Proven, End::Outcome);
            let after = about.map(|it| (it, end.outcome()));
            let end = if running.end() { end } else { End::Left };
            let _ = ended.send(Ended { running, end });
            if let Some((about, outcome)) = after {
                hooks.after_attempt(about, outcome);
            }
        }
        .instrument(span)
    }
}

impl End {
    /// What the handler's end amounts to, for hooks.
    fn outcome(&self) -> Outcome {
        match self {
            Self::Outcome(ending) => ending.outcome.clone(),
            Self::Proven | Self::Released | Self::Left => Outcome::Done,
        }
    }
}

fn undecodable(text: Text) -> End {
    End::Outcome(Outcome::Undecodable(text).into())
}

//! Starts attempts: decodes the args, runs the handler, and tells how it ended, whatever it does.

use crate::{
    Registry,
    attempts::Attempts,
    clock::{Instant, RunnerClock},
    entry::{Entry, Failure, Terms},
    handlers::Handlers,
    panic::{catching, catching_async},
    running::Running,
};
use job_core::{
    Attempt, Job, Outcome, Text,
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
    Outcome(Outcome, Vec<Text>),
    /// Given back, as if it had not been claimed.
    Released,
    /// It was given up long ago, and its handler has ended now.
    Left,
}

impl Ended {
    pub(crate) fn failed(running: Arc<Running>, outcome: Outcome) -> Self {
        let errors = outcome.error().into_iter().collect();
        Self { running, end: End::Outcome(outcome, errors) }
    }
}

impl<C: Clone + Send + Sync + 'static> Executor<C> {
    /// Starts what was claimed; its leases are in doubt at `fence`.
    pub(crate) fn start(&self, claimed: Claimed, fence: Instant) {
        let group = self.handlers.group();
        let mut running = Vec::with_capacity(claimed.jobs.len() + claimed.unreadable.len());
        let mut tasks = Vec::with_capacity(claimed.jobs.len());
        for unreadable in claimed.unreadable {
            running.extend(self.fail_unreadable(&unreadable, group));
        }
        for job in claimed.jobs {
            let (id, name, attempt) = (job.id, &job.spec.type_name, job.state.attempt_count());
            info!(job.id = %id, job.type = %name, attempt, "Running {name} job {id} (attempt {attempt}).");
            let Some(entry) = self.registry.get(name).cloned() else {
                running.push(self.fail_unknown(job, group));
                continue;
            };
            let one = Arc::new(Running::new(job, entry.timeout, group, self.clock.clone()));
            running.push(one.clone());
            tasks.push(attend(entry, self.context.clone(), self.terms, one, self.ended.clone()));
        }
        // Known before they run, so that none ends before the others know of it.
        self.attempts.add(&running, fence);
        self.handlers.spawn(tasks);
    }

    /// Gives back what was claimed, without starting it.
    pub(crate) fn release(&self, claimed: Claimed, fence: Instant) {
        let group = self.handlers.group();
        let mut running = Vec::new();
        for unreadable in claimed.unreadable {
            running.extend(self.fail_unreadable(&unreadable, group));
        }
        running.extend(claimed.jobs.into_iter().map(|it| self.end(it, group, End::Released)));
        self.attempts.add(&running, fence);
    }

    /// A row that does not decode was started by the claim, so that it can be failed.
    fn fail_unreadable(&self, unreadable: &Unreadable, group: usize) -> Option<Arc<Running>> {
        let text = Text::of_error(unreadable);
        let Some(job) = unreadable.stand_in() else {
            error!(job.id = %unreadable.id, "{text}; it stays as it is, since its state cannot be read either");
            return None;
        };
        Some(self.fail(job, group, Outcome::Undecodable(text)))
    }

    /// The store gave a job of a type that was not asked for.
    fn fail_unknown(&self, job: Job, group: usize) -> Arc<Running> {
        let text = Text::new(format_args!("no job type {} is registered here", job.spec.type_name));
        self.fail(job, group, Outcome::Undecodable(text))
    }

    fn fail(&self, job: Job, group: usize, outcome: Outcome) -> Arc<Running> {
        let errors = outcome.error().into_iter().collect();
        self.end(job, group, End::Outcome(outcome, errors))
    }

    /// An attempt that ends before it starts.
    fn end(&self, job: Job, group: usize, end: End) -> Arc<Running> {
        let running = Arc::new(Running::new(job, NO_TIMEOUT, group, self.clock.clone()));
        running.end_unstarted();
        // The receiver is gone only when the run is over.
        let _ = self.ended.send(Ended { running: running.clone(), end });
        running
    }
}

/// One attempt, from its start to its end.
fn attend<C: Clone + Send + Sync + 'static>(
    entry: Arc<Entry<C>>,
    context: Arc<C>,
    terms: Terms,
    running: Arc<Running>,
    ended: UnboundedSender<Ended>,
) -> impl Future<Output = ()> + Send + 'static {
    let job = &running.job;
    let span = info_span!(
        "attempt",
        job.id = %job.id,
        job.type = %job.spec.type_name,
        queue.name = %job.state.queue(),
        attempt = job.state.attempt_count(),
    );
    async move {
        if !running.start() {
            return;
        }
        let end = run(&entry, &context, terms, &running).await;
        let end = if running.end() { end } else { End::Left };
        let _ = ended.send(Ended { running, end });
    }
    .instrument(span)
}

async fn run<C: Clone + Send + Sync + 'static>(
    entry: &Entry<C>,
    context: &C,
    terms: Terms,
    running: &Arc<Running>,
) -> End {
    let handler = || {
        let attempt = Attempt::new(context.clone(), running.job.clone(), running.clone());
        entry.run(attempt, terms)
    };
    let ran = match catching(handler) {
        Ok(handler) => catching_async(handler, |now| running.polled(now)).await,
        Err(text) => Err(text),
    };
    match ran {
        Ok(Ok(None)) => End::Outcome(Outcome::Done, Vec::new()),
        Ok(Ok(Some(_))) => End::Proven,
        Ok(Err(Failure { outcome, errors })) => End::Outcome(outcome, errors),
        Err(text) => End::Outcome(Outcome::Panicked(text.clone()), vec![text]),
    }
}

//! The call of a handler, whatever it does.

use crate::{
    attempt::{
        ending::Ending,
        panic::{catching, catching_async},
        running::Running,
    },
    clock::RunnerClock,
    entry::{Entry, Record, Terms},
};
use job_core::{Attempt, AttemptHandle, Outcome};
use std::sync::Arc;

/// What a handler is called with.
pub(crate) struct Call<'a, C> {
    pub(crate) entry: &'a Entry<C>,
    pub(crate) context: &'a C,
    pub(crate) terms: Terms,
    pub(crate) clock: Arc<RunnerClock>,
    pub(crate) running: &'a Running,
    /// The runner, as the handler has it.
    pub(crate) handle: Arc<dyn AttemptHandle>,
}

impl<C: Clone + Send + Sync + 'static> Call<'_, C> {
    /// How the handler ended; `None` if it has completed its job itself. Its panics are ends like others, and so are
    /// those of its context and its args.
    pub(crate) async fn run(self) -> Option<Ending> {
        let Self { entry, context, terms, clock, running, handle } = self;
        let handler = || {
            let attempt = Attempt::new(context.clone(), running.job.clone(), handle);
            entry.run(attempt, terms, Record { job: running.job.clone(), clock })
        };
        let ran = match catching(handler) {
            Ok(handler) => catching_async(handler, |now| running.polled(now)).await,
            Err(text) => Err(text),
        };
        match ran {
            Ok(Ok(None)) => Some(Outcome::Done.into()),
            Ok(Ok(Some(_))) => None,
            Ok(Err(ending)) => Some(ending.seen(running)),
            Err(text) => Some(Ending::from(Outcome::Panicked(text)).seen(running)),
        }
    }
}

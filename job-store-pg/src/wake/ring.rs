//! Telling other processes of work, after the commit and not in it: a NOTIFY inside the insert makes all inserts of the
//! cluster commit one after the other.

use crate::{
    call::{Call, Caller},
    connection::session::Session,
    error::CallError,
    statement::{Statement, bind::Bind, schema::Schema},
    wake::{bells::Bells, channel::channels},
};
use job_core::{NewJob, QueueName, Start};
use parking_lot::Mutex;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::sleep;

/// How long after a notification the next one is held back, to tell of all that came meanwhile.
const PAUSE: Duration = Duration::from_millis(10);

/// Rings the bells of this process, and tells others.
#[derive(Clone, Debug)]
pub(crate) struct Ringer {
    pub(crate) bells: Arc<Bells>,
    pub(crate) schema: Schema,
    /// Whether others are told.
    pub(crate) notifies: bool,
    outbox: Arc<Mutex<Outbox>>,
}

#[derive(Debug, Default)]
struct Outbox {
    queues: BTreeSet<QueueName>,
    /// Whether somebody is about to send what is in it.
    attended: bool,
}

impl Ringer {
    pub(crate) fn new(schema: Schema, notifies: bool) -> Self {
        Self { bells: Arc::default(), schema, notifies, outbox: Arc::default() }
    }

    /// Rings for `queues`: here at once, elsewhere at once or a moment later.
    pub(crate) fn ring(&self, caller: &Caller, queues: BTreeSet<QueueName>) {
        if queues.is_empty() {
            return;
        }
        self.bells.ring(&queues);
        if !self.notifies {
            return;
        }
        let mut outbox = self.outbox.lock();
        outbox.queues.extend(queues);
        if !std::mem::replace(&mut outbox.attended, true) {
            let (ringer, caller) = (self.clone(), caller.clone());
            caller.runtime.clone().spawn(async move { ringer.attend(&caller).await });
        }
    }

    async fn attend(&self, caller: &Caller) {
        while let Some(queues) = self.collect() {
            // Whoever is not told looks for itself a little later.
            if let Err(error) = caller.call(Ring { channels: channels(&self.schema, &queues) }).await {
                tracing::debug!(%error, "runners elsewhere were not told of new jobs");
            }
            sleep(PAUSE).await;
        }
    }

    fn collect(&self) -> Option<BTreeSet<QueueName>> {
        let mut outbox = self.outbox.lock();
        let queues = std::mem::take(&mut outbox.queues);
        outbox.attended = !queues.is_empty();
        outbox.attended.then_some(queues)
    }
}

/// Whether it is worth looking for the job at once.
pub(crate) fn rings(job: &NewJob) -> bool {
    match job.start {
        Start::Now | Start::At(_) => true,
        Start::In(delay) => delay.is_zero(),
    }
}

#[derive(Debug)]
struct Ring {
    channels: Vec<String>,
}

impl Call for Ring {
    type Answer = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<(), CallError> {
        let channels = Bind::texts(self.channels.iter().map(String::as_str));
        Statement::new(&session.texts.ring, vec![channels]).run(session.conn).await?;
        Ok(())
    }
}

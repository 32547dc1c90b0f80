//! Hearing of work that others enqueued: LISTEN, on a connection of its own.

use crate::{
    call::jittered,
    connection::server::Server,
    statement::schema::Schema,
    wake::{bells::Bells, channel::channel},
};
use job_core::{BoxError, QueueName};
use parking_lot::Mutex;
use std::{
    collections::{BTreeSet, HashMap},
    future::poll_fn,
    sync::Arc,
    time::Duration,
};
use tokio::{
    runtime::Handle,
    select,
    sync::{mpsc, watch},
    task::{AbortHandle, JoinHandle},
    time::{sleep, timeout},
};
use tokio_postgres::{AsyncMessage, Client};

/// How long the connection may be silent before it is asked whether it lives, and how long it has to say so: a dead one
/// is noticed within ten seconds.
const SILENCE: Duration = Duration::from_secs(5);
/// The first wait before it is opened again, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Listens while somebody waits for queues; not before, so that who only enqueues opens no connection for it.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    server: Server,
    schema: Schema,
    bells: Arc<Bells>,
    runtime: Handle,
    wanted: watch::Sender<BTreeSet<QueueName>>,
    task: Arc<Mutex<Option<Ended>>>,
}

/// Ends a task when it is dropped.
#[derive(Debug)]
struct Ended(AbortHandle);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Listener {
    pub(crate) fn new(server: Server, schema: Schema, bells: Arc<Bells>, runtime: Handle) -> Self {
        let wanted = watch::Sender::default();
        Self { server, schema, bells, runtime, wanted, task: Arc::default() }
    }

    /// Listens for `queues` too, from soon on.
    pub(crate) fn want(&self, queues: &[QueueName]) {
        self.wanted.send_if_modified(|wanted| {
            let before = wanted.len();
            wanted.extend(queues.iter().cloned());
            wanted.len() != before
        });
        self.task.lock().get_or_insert_with(|| {
            let attendant = Attendant {
                server: self.server.clone(),
                schema: self.schema.clone(),
                bells: self.bells.clone(),
                wanted: self.wanted.subscribe(),
            };
            Ended(self.runtime.spawn(attendant.attend()).abort_handle())
        });
    }
}

/// Keeps a connection open that listens.
struct Attendant {
    server: Server,
    schema: Schema,
    bells: Arc<Bells>,
    wanted: watch::Receiver<BTreeSet<QueueName>>,
}

impl Attendant {
    async fn attend(mut self) {
        let mut wait = WAITS.0;
        loop {
            match self.hear(&mut wait).await {
                Ok(()) => return,
                Err(error) => tracing::debug!(%error, "the connection that listens for jobs ended"),
            }
            sleep(jittered(wait)).await;
            wait = (wait * 2).min(WAITS.1);
        }
    }

    /// Ends well when nobody can want anything any more.
    async fn hear(&mut self, wait: &mut Duration) -> Result<(), BoxError> {
        let (client, mut heard, driver) = self.connect().await?;
        let _driver = Ended(driver.abort_handle());
        let mut queues: HashMap<String, Vec<QueueName>> = HashMap::new();
        loop {
            let wanted = self.wanted.borrow_and_update().clone();
            let new: Vec<QueueName> =
                wanted.into_iter().filter(|it| !queues.values().flatten().any(|known| known == it)).collect();
            if !new.is_empty() {
                let channels: Vec<String> = new.iter().map(|it| channel(&self.schema, it)).collect();
                let listen: Vec<String> = channels.iter().map(|it| format!("LISTEN {it}")).collect();
                timeout(SILENCE, client.batch_execute(&listen.join("; "))).await??;
                // What came while nobody listened was not heard.
                self.bells.ring(&new);
                for (channel, queue) in channels.into_iter().zip(new) {
                    queues.entry(channel).or_default().push(queue);
                }
                *wait = WAITS.0;
            }
            select! {
                channel = heard.recv() => match channel {
                    Some(channel) => self.bells.ring(queues.get(&channel).into_iter().flatten()),
                    None => return Err("the server closed it".into()),
                },
                changed = self.wanted.changed() => if changed.is_err() {
                    return Ok(());
                },
                () = sleep(SILENCE) => timeout(SILENCE, client.batch_execute("")).await??,
            }
        }
    }

    async fn connect(&self) -> Result<(Client, mpsc::UnboundedReceiver<String>, JoinHandle<()>), BoxError> {
        let (client, mut connection) = timeout(SILENCE, self.server.connect()).await??;
        let (hears, heard) = mpsc::unbounded_channel();
        let driver = tokio::spawn(async move {
            // Ends with an error or when the client is dropped; either closes the channel.
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(it) = message {
                    let _ = hears.send(it.channel().to_owned());
                }
            }
        });
        Ok((client, heard, driver))
    }
}
